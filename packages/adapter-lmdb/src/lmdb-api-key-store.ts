import {
  type ApiKey,
  type ApiKeyPage,
  type ApiKeyStore,
  type FindApiKeys,
  formatCursor,
  type KeyPlace,
  meetsConditions,
  parseCursor,
  placeOf,
  type StoredApiKey,
} from '@device-grant/core'
import type { Key } from 'lmdb'
import { startOfQuery } from './key-index.ts'
import { indexOf, type LmdbDriver } from './lmdb-driver.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { LmdbStateStore } from './lmdb-state-store.ts'

/** How many entries of the index are looked at before other work has its turn. */
const CHUNK = 100

/** Keeps API keys in one database, with an index by owner, client, status and approval. */
export class LmdbApiKeyStore extends LmdbStateStore<ApiKey> implements ApiKeyStore {
  readonly #environment: LmdbEnvironment
  readonly #driver: LmdbDriver<ApiKey>
  readonly #index: ReturnType<typeof indexOf>

  constructor(environment: LmdbEnvironment, driver: LmdbDriver<ApiKey>) {
    super(driver)
    this.#environment = environment
    this.#driver = driver
    this.#index = indexOf(environment)
  }

  async find({ after, limit, ...conditions }: FindApiKeys): Promise<ApiKeyPage> {
    let place = after === undefined ? undefined : parseCursor(after)
    if (after !== undefined && !place) return { keys: [] }
    const found: StoredApiKey[] = []
    const start = startOfQuery(conditions)
    for (;;) {
      const chunk = this.#placesAfter(start, place)
      for (const { id } of chunk) {
        const key = this.#driver.readNow(id)?.state
        if (!key || !meetsConditions(key, conditions)) continue
        found.push({ id, key })
        if (found.length > limit) return page(found, limit)
      }
      place = chunk.at(-1)
      if (!place) return page(found, limit)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #placesAfter(start: string, from: KeyPlace | undefined): readonly KeyPlace[] {
    const last = from ? [start, from.approvedAt, from.id] : [start, Number.POSITIVE_INFINITY]
    const range = { start: last, end: [start], reverse: true, exclusiveStart: true, limit: CHUNK }
    return this.#environment.read(() => [...this.#index.getKeys(range)].map(toPlace))
  }
}

const toPlace = (key: Key): KeyPlace => {
  const [, approvedAt, id] = key as readonly Key[]
  return { approvedAt: Number(approvedAt), id: String(id) }
}

const page = (found: readonly StoredApiKey[], limit: number): ApiKeyPage => {
  const keys = found.slice(0, limit)
  const last = keys.at(-1)
  return { keys, next: last && found.length > limit ? formatCursor(placeOf(last)) : undefined }
}
