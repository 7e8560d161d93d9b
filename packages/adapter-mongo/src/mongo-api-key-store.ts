import type { ApiKey, ApiKeyStore, CompareAndSwapOptions, StoredApiKey } from '@device-grant/core'
import { CompareAndSwapStore } from '@device-grant/core'
import type { Collection, Db } from 'mongodb'
import { type ApiKeyCollection, apiKeyCollection } from './api-key-collection.ts'
import { type ApiKeyDocument, toApiKey } from './api-key-document.ts'
import { COMMAND_TIMEOUT_MS, command } from './command.ts'
import { MongoDriver } from './mongo-driver.ts'

export interface MongoApiKeyStoreOptions extends CompareAndSwapOptions, ApiKeyCollection {
  /** How long one command may take, milliseconds. Default 2500. */
  readonly timeoutMs?: number | undefined
}

/**
 * Keeps API keys in MongoDB, or in a server that speaks its protocol. It needs the indexes that
 * `ensureIndexes` makes, and nothing but reads and writes of single documents.
 */
export class MongoApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #documents: Collection<ApiKeyDocument>
  readonly #timeoutMs: number

  constructor(db: Db, options: MongoApiKeyStoreOptions = {}) {
    const documents = apiKeyCollection(db, options)
    const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS
    super(new MongoDriver(documents, timeoutMs), options)
    this.#documents = documents
    this.#timeoutMs = timeoutMs
  }

  async findBySecretHash(secretHash: string): Promise<StoredApiKey | undefined> {
    const documents = this.#documents
    const found = await command(documents.db.client, this.#timeoutMs, () =>
      documents.findOne({ secretHash }),
    )
    return found ? this.#stored(found) : undefined
  }

  async findByOwner(owner: string): Promise<readonly StoredApiKey[]> {
    const documents = this.#documents
    const found = await command(documents.db.client, this.#timeoutMs, () =>
      documents.find({ owner }).toArray(),
    )
    return found.map((document) => this.#stored(document))
  }

  /** Remembered, so that an update of a key that was just found needs no read. */
  #stored(document: ApiKeyDocument): StoredApiKey {
    const cell = toApiKey(document)
    this.cache(document._id, cell)
    return { id: document._id, key: cell.state }
  }
}
