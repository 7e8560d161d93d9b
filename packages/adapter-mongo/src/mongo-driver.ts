import type { ApiKey, SwapResult, Versioned, VersionedDriver } from '@device-grant/core'
import { StoreUnavailableError } from '@device-grant/core'
import type { Collection } from 'mongodb'
import { type ApiKeyDocument, toApiKey, toDocument } from './api-key-document.ts'
import { command } from './command.ts'

/** Keeps each API key in one document. Every write compares and swaps in one atomic operation. */
export class MongoDriver implements VersionedDriver<ApiKey> {
  readonly #documents: Collection<ApiKeyDocument>
  readonly #timeoutMs: number

  constructor(documents: Collection<ApiKeyDocument>, timeoutMs: number) {
    this.#documents = documents
    this.#timeoutMs = timeoutMs
  }

  async read(id: string): Promise<Versioned<ApiKey> | undefined> {
    const document = await this.#command((documents) => documents.findOne({ _id: id }))
    return document ? toApiKey(document) : undefined
  }

  async swap(
    id: string,
    expected: string | undefined,
    next: Versioned<ApiKey> | undefined,
  ): Promise<SwapResult<ApiKey>> {
    if (await this.#write(id, expected, next)) return { written: true }
    const found = await this.read(id)
    // With `retryWrites` the MongoDB driver writes again after a lost answer, and finds its own write.
    return next && found?.version === next.version ? { written: true } : { written: false, found }
  }

  /** Returns whether it wrote. */
  async #write(
    id: string,
    expected: string | undefined,
    next: Versioned<ApiKey> | undefined,
  ): Promise<boolean> {
    if (expected === undefined) return next === undefined ? false : this.#insert(id, next)
    const unchanged = { _id: id, version: expected }
    if (next === undefined) {
      const { deletedCount } = await this.#command((documents) => documents.deleteOne(unchanged))
      return deletedCount > 0
    }
    const { _id, ...replacement } = toDocument(id, next)
    const { matchedCount } = await this.#command((documents) =>
      documents.replaceOne(unchanged, replacement),
    )
    return matchedCount > 0
  }

  async #insert(id: string, next: Versioned<ApiKey>): Promise<boolean> {
    try {
      await this.#command((documents) => documents.insertOne(toDocument(id, next)))
      return true
    } catch (error) {
      if (isIdTaken(error)) return false
      throw error
    }
  }

  #command<T>(run: (documents: Collection<ApiKeyDocument>) => Promise<T>): Promise<T> {
    const documents = this.#documents
    return command(documents.db.client, this.#timeoutMs, () => run(documents))
  }
}

/** E11000 on `_id` is a lost race. On any other unique index it is an error. */
const isIdTaken = (error: unknown): boolean => {
  if (!(error instanceof StoreUnavailableError && error.cause instanceof Error)) return false
  // Servers other than MongoDB name the index only in the message.
  return Reflect.get(error.cause, 'code') === 11_000 && /\b_id_/.test(error.cause.message)
}
