import {
  type ApiKey,
  type ApiKeyPage,
  type ApiKeyStore,
  CompareAndSwapStore,
  comparePlaces,
  type FindApiKeys,
  formatCursor,
  meetsConditions,
  parseCursor,
  placeOf,
} from '@device-grant/core'
import { FileDriver } from './file-driver.ts'

/** Keeps API keys in one file. All of them are in memory too, and a look-up goes through them. */
export class FileApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #driver: FileDriver<ApiKey>

  constructor(path: string) {
    const driver = new FileDriver<ApiKey>(path)
    super(driver)
    this.#driver = driver
  }

  async find({ after, limit, ...conditions }: FindApiKeys): Promise<ApiKeyPage> {
    const from = after === undefined ? undefined : parseCursor(after)
    if (after !== undefined && !from) return { keys: [] }
    const states = await this.#driver.all()
    const found = states
      .map(([id, { state }]) => ({ id, key: state }))
      .filter(({ key }) => meetsConditions(key, conditions))
      .filter((stored) => !from || comparePlaces(placeOf(stored), from) > 0)
      .sort((a, b) => comparePlaces(placeOf(a), placeOf(b)))
    const keys = found.slice(0, limit)
    const last = keys.at(-1)
    return { keys, next: last && found.length > limit ? formatCursor(placeOf(last)) : undefined }
  }
}
