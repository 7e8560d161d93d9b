import type { Retained, SwapResult, Versioned, VersionedDriver } from '@device-grant/core'
import { StoreUnavailableError } from '@device-grant/core'
import type { Collection, Filter } from 'mongodb'
import { command } from './command.ts'
import { type StateDocument, toDocument, toVersioned } from './document.ts'

/** Keeps each state in one document. Every write compares and swaps in one atomic operation. */
export class MongoDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #documents: Collection<StateDocument>
  readonly #timeoutMs: number

  constructor(documents: Collection<StateDocument>, timeoutMs: number) {
    this.#documents = documents
    this.#timeoutMs = timeoutMs
  }

  async read(id: string): Promise<Versioned<S> | undefined> {
    const document = await this.#command((documents) => documents.findOne({ _id: id }))
    return document ? toVersioned(document) : undefined
  }

  async swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    if (await this.#write(id, expected, next)) return { written: true }
    const found = await this.read(id)
    // With `retryWrites` the MongoDB driver writes again after a lost answer, and finds its own write.
    return next && found?.version === next.version ? { written: true } : { written: false, found }
  }

  /** Returns whether it wrote. */
  async #write(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<boolean> {
    if (expected === undefined) return next === undefined ? false : this.#insert(id, next)
    const filter = unchanged(id, expected)
    if (next === undefined) {
      const { deletedCount } = await this.#command((documents) => documents.deleteOne(filter))
      return deletedCount > 0
    }
    const { _id, ...replacement } = toDocument(id, next)
    const { matchedCount } = await this.#command((documents) =>
      documents.replaceOne(filter, replacement),
    )
    return matchedCount > 0
  }

  async #insert(id: string, next: Versioned<S>): Promise<boolean> {
    try {
      await this.#command((documents) => documents.insertOne(toDocument(id, next)))
      return true
    } catch (error) {
      if (isIdTaken(error)) return false
      throw error
    }
  }

  #command<T>(run: (documents: Collection<StateDocument>) => Promise<T>): Promise<T> {
    const documents = this.#documents
    return command(documents.db.client, this.#timeoutMs, () => run(documents))
  }
}

/** The status is compared too, because an operator who sets it by hand keeps the version. */
const unchanged = <S extends Retained>(
  id: string,
  { version, state }: Versioned<S>,
): Filter<StateDocument> =>
  'status' in state ? { _id: id, version, status: String(state.status) } : { _id: id, version }

/** E11000 on `_id` is a lost race. On any other unique index it is an error. */
const isIdTaken = (error: unknown): boolean => {
  if (!(error instanceof StoreUnavailableError && error.cause instanceof Error)) return false
  // Servers other than MongoDB name the index only in the message.
  return Reflect.get(error.cause, 'code') === 11_000 && /\b_id_/.test(error.cause.message)
}
