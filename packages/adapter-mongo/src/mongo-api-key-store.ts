import type { ApiKey, ApiKeyStore, CompareAndSwapOptions, StoredApiKey } from '@device-grant/core'
import { CompareAndSwapStore } from '@device-grant/core'
import type { Collection, Db } from 'mongodb'
import { type ApiKeyCollection, apiKeyCollection } from './api-key-collection.ts'
import { type ApiKeyDocument, toApiKey } from './api-key-document.ts'
import { COMMAND_TIMEOUT_MS, command } from './command.ts'
import { MongoDriver } from './mongo-driver.ts'

/** The collection, the timeout, and the options of `CompareAndSwapStore`. */
export interface MongoApiKeyStoreOptions extends CompareAndSwapOptions, ApiKeyCollection {
  /**
   * How long one command may take, in milliseconds, above 0.
   * @default 2_500
   */
  readonly timeoutMs?: number | undefined
}

/**
 * Keeps API keys in MongoDB, or in a server that speaks its protocol. It needs the indexes of
 * `ensureIndexes`. It only reads documents and writes single ones.
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

  /** Caches the key, so that an update right after the look-up needs no read. */
  #stored(document: ApiKeyDocument): StoredApiKey {
    const versioned = toApiKey(document)
    this.cache(document._id, versioned)
    return { id: document._id, key: versioned.state }
  }
}
