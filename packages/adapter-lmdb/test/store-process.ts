import type { FindApiKeys, Retained, Versioned } from '@device-grant/core'
import { createLmdbStores, LmdbDriver, openLmdb } from '#src/index.js'
import { keyPlacesOf as indexKeysOf } from '#src/key-index.js'

import { PATIENT_MS } from './patient.ts'

/** A call of a driver or of the store of API keys. */
export type Call =
  | { readonly call: 'read'; readonly database: string; readonly id: string }
  | {
      readonly call: 'swap'
      readonly database: string
      readonly id: string
      readonly expected: Versioned<Retained> | undefined
      readonly next: Versioned<Retained> | undefined
    }
  | { readonly call: 'find'; readonly query: FindApiKeys }

/** A call with a number that its answer has too. */
export type Request = Call & { readonly number: number }

/** The number of the call, and its result or the text of its error. */
export interface Answer {
  readonly number: number
  readonly result?: unknown
  readonly error?: string
}

const [path = ''] = process.argv.slice(2)
const environment = openLmdb({ path, timeoutMs: PATIENT_MS })
const { apiKeys } = createLmdbStores(environment)

const drivers = {
  samples: new LmdbDriver<Retained>(environment, { name: 'samples' }),
  api_keys: new LmdbDriver(environment, { name: 'api_keys', indexKeysOf }),
}

const answer = (request: Request): Promise<unknown> => {
  if (request.call === 'find') return apiKeys.find(request.query)
  const driver = Reflect.get(drivers, request.database) as LmdbDriver<Retained>
  const { id } = request
  return request.call === 'read' ? driver.read(id) : driver.swap(id, request.expected, request.next)
}

process.on('message', (request: Request) => {
  const { number } = request
  answer(request).then(
    (result) => process.send?.({ number, result } satisfies Answer),
    (error) => process.send?.({ number, error: String(error) } satisfies Answer),
  )
})
process.on('disconnect', () => environment.close())
