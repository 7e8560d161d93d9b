import { bearer } from '@device-grant/test-support/authorization-header'
import { WHOAMI } from '@device-grant/test-support/endpoints'
import { send } from './requests.ts'
import type { Tally } from './tally.ts'

/** The id of a key, if the key works at this server. */
export const keyIdAt = async (
  tally: Tally,
  url: string,
  apiKey: string,
): Promise<string | undefined> => {
  const { status, body } = await send(tally, 'whoami', url + WHOAMI, { headers: bearer(apiKey) })
  const key = body['key']
  return status === 200 && key !== null && typeof key === 'object' && 'id' in key
    ? String(key.id)
    : undefined
}

/** Whether a key works at every one of these servers, under this id. */
export const worksEverywhere = async (
  tally: Tally,
  servers: readonly { readonly url: string }[],
  apiKey: string,
  keyId: string,
): Promise<boolean> => {
  const ids = await Promise.all(servers.map(({ url }) => keyIdAt(tally, url, apiKey)))
  return ids.every((id) => id === keyId)
}
