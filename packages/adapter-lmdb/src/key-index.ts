import { createHash } from 'node:crypto'
import { type ApiKey, type FindApiKeys, placeOf } from '@device-grant/core'
import type { IndexKey } from './lmdb-driver.ts'

type Conditions = Pick<FindApiKeys, 'owner' | 'clientId' | 'status'>

/** LMDB limits the length of a key. */
const MAX_LENGTH = 200

/** The first item of the index keys of all API keys that meet the conditions. */
const startOf = ({ owner, clientId, status }: Conditions): string => {
  const text = JSON.stringify(['key', owner ?? 0, clientId ?? 0, status ?? 0])
  return text.length > MAX_LENGTH ? createHash('sha256').update(text).digest('base64url') : text
}

/** A query by owner and more looks through the keys of the owner, which are few. */
export const startOfQuery = ({ owner, ...others }: Conditions): string =>
  owner === undefined ? startOf(others) : startOf({ owner })

/** Where an API key is in the index: one place in the list of each condition that finds it. */
export const keyPlacesOf = (id: string, key: ApiKey): readonly IndexKey[] => {
  if (key.status === 'erased') return []
  const { owner, status } = key
  const clientId = key.request?.clientId
  const conditions: readonly Conditions[] = [{}, { status }, { owner }]
  const ofClient = clientId === undefined ? [] : [{ clientId }, { clientId, status }]
  const { approvedAt } = placeOf({ id, key })
  return [...conditions, ...ofClient].map((condition) => [startOf(condition), approvedAt, id])
}
