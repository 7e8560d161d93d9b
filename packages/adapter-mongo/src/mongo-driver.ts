import type { ApiKey, SwapResult, Versioned, VersionedDriver } from '@device-grant/core'
import { StoreUnavailableError } from '@device-grant/core'
import type { Collection } from 'mongodb'
import { type ApiKeyDocument, toApiKey, toDocument } from './api-key-document.ts'
import { command } from './command.ts'

/** The compare and swap of API keys: every operation touches one document and is atomic by itself. */
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
    // A driver that wrote twice, because the first answer was lost, has met its own first attempt.
    return next && found?.version === next.version ? { written: true } : { written: false, found }
  }

  /** Whether it was written. */
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
    } catch (fault) {
      if (isIdTaken(fault)) return false
      throw fault
    }
  }

  #command<T>(run: (documents: Collection<ApiKeyDocument>) => Promise<T>): Promise<T> {
    const documents = this.#documents
    return command(documents.db.client, this.#timeoutMs, () => run(documents))
  }
}

/** E11000 on `_id` is a lost race; on any other unique index it is a fault. */
const isIdTaken = (fault: unknown): boolean => {
  if (!(fault instanceof StoreUnavailableError && fault.cause instanceof Error)) return false
  // Servers other than MongoDB name the index in their message only.
  return Reflect.get(fault.cause, 'code') === 11_000 && /\b_id_/.test(fault.cause.message)
}
