import {
  CompareAndSwapStore,
  type CutOff,
  type ScannableStore,
  type StoredState,
} from '@device-grant/core'
import type { Collection, Db } from 'mongodb'
import { cutOffCollection } from './collections.ts'
import { COMMAND_TIMEOUT_MS } from './command.ts'
import type { StateDocument } from './document.ts'
import type { MongoStoreOptions } from './mongo-api-key-store.ts'
import { MongoDriver } from './mongo-driver.ts'
import { scan } from './scan.ts'

/** Keeps the cut-offs beside the API keys, so that both survive the same fail-overs. */
export const createMongoCutOffStore = (
  db: Db,
  options: MongoStoreOptions = {},
): ScannableStore<CutOff> => new MongoCutOffStore(cutOffCollection(db, options), options)

class MongoCutOffStore extends CompareAndSwapStore<CutOff> implements ScannableStore<CutOff> {
  readonly #documents: Collection<StateDocument>
  readonly #timeoutMs: number

  constructor(documents: Collection<StateDocument>, options: MongoStoreOptions) {
    const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS
    super(new MongoDriver<CutOff>(documents, timeoutMs), options)
    this.#documents = documents
    this.#timeoutMs = timeoutMs
  }

  scan(): AsyncGenerator<StoredState<CutOff>> {
    return scan(this.#documents, this.#timeoutMs)
  }
}
