import type {
  ApiKey,
  ApiKeyPage,
  ApiKeyStore,
  CompareAndSwapOptions,
  FindApiKeys,
  KeyPlace,
  ScannableStore,
  StoredState,
} from '@device-grant/core'
import { CompareAndSwapStore, formatCursor, parseCursor, placeOf } from '@device-grant/core'
import type { Collection, Db, Filter } from 'mongodb'
import { apiKeyCollection, type MongoCollections } from './collections.ts'
import { COMMAND_TIMEOUT_MS, command } from './command.ts'
import { type StateDocument, toVersioned } from './document.ts'
import { MongoDriver } from './mongo-driver.ts'
import { scan } from './scan.ts'

/** The collections, the timeout, and the options of `CompareAndSwapStore`. */
export interface MongoStoreOptions extends CompareAndSwapOptions, MongoCollections {
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
export class MongoApiKeyStore
  extends CompareAndSwapStore<ApiKey>
  implements ApiKeyStore, ScannableStore<ApiKey>
{
  readonly #documents: Collection<StateDocument>
  readonly #timeoutMs: number

  constructor(db: Db, options: MongoStoreOptions = {}) {
    const documents = apiKeyCollection(db, options)
    const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS
    super(new MongoDriver(documents, timeoutMs), options)
    this.#documents = documents
    this.#timeoutMs = timeoutMs
  }

  async find({ after, limit, ...conditions }: FindApiKeys): Promise<ApiKeyPage> {
    const documents = this.#documents
    const from = after === undefined ? undefined : parseCursor(after)
    if (after !== undefined && !from) return { keys: [] }
    const filter = { ...filterOf(conditions), ...(from ? behind(from) : {}) }
    const found = await command(documents.db.client, this.#timeoutMs, () =>
      documents
        .find(filter)
        .sort({ approvedAt: -1, _id: -1 })
        .limit(limit + 1)
        .toArray(),
    )
    const keys = found.slice(0, limit).map((document) => {
      const versioned = toVersioned<ApiKey>(document)
      // Cached, so that an update right after the look-up needs no read.
      this.cache(document._id, versioned)
      return { id: document._id, key: versioned.state }
    })
    const last = keys.at(-1)
    return { keys, next: last && found.length > limit ? formatCursor(placeOf(last)) : undefined }
  }

  scan(): AsyncGenerator<StoredState<ApiKey>> {
    return scan(this.#documents, this.#timeoutMs)
  }
}

const filterOf = ({
  owner,
  clientId,
  status,
}: Omit<FindApiKeys, 'after' | 'limit'>): Filter<StateDocument> => ({
  ...(owner === undefined ? {} : { owner }),
  ...(clientId === undefined ? {} : { 'request.clientId': clientId }),
  // Every key but an erased one has an owner.
  ...(status !== undefined ? { status } : owner === undefined ? { status: { $ne: 'erased' } } : {}),
})

/** Which keys come after a place in the order of the index, which is read from that place on. */
const behind = ({ approvedAt, id }: KeyPlace): Filter<StateDocument> => {
  const at = new Date(approvedAt)
  return {
    approvedAt: { $lte: at },
    $or: [{ approvedAt: { $lt: at } }, { _id: { $lt: id } }],
  }
}
