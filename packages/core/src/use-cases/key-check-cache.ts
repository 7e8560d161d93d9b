import type { ApiKeyStore } from '../ports.ts'
import type { ActiveKey } from '../rules/api-key.ts'

/** A read that was begun. It becomes void if the key is revoked before its result is kept. */
export interface BegunRead {
  readonly keyId: string
  /** When the read began, in milliseconds of a clock that never goes back. */
  readonly begunAt: number
  isVoid: boolean
}

/** A valid key check. */
export interface KeptCheck<A> {
  readonly keyId: string
  readonly key: ActiveKey
  /** What the check was answered with. */
  readonly answer: A
}

interface Entry<A> extends KeptCheck<A> {
  readonly begunAt: number
}

const MAX_ENTRIES = 10_000

/** Keeps valid key checks of this process for a moment. A revocation here removes them at once. */
export class KeyCheckCache<A = unknown> {
  readonly #maxAgeMs: number
  readonly #now: () => number
  readonly #entries = new Map<string, Entry<A>>()
  readonly #hashes = new Map<string, string>()
  readonly #reads = new Map<string, Set<BegunRead>>()

  /**
   * @param options.maxAgeMs how long a check is kept, in milliseconds; 0 keeps none
   * @param options.now milliseconds of a clock that never goes back
   */
  constructor({ maxAgeMs, now }: { readonly maxAgeMs: number; readonly now: () => number }) {
    this.#maxAgeMs = maxAgeMs
    this.#now = now
  }

  /** The check of the key with this hash, if it is a moment old. Its expiry is not checked. */
  get(secretHash: string): KeptCheck<A> | undefined {
    const entry = this.#entries.get(secretHash)
    if (!entry) return undefined
    if (this.#now() - entry.begunAt < this.#maxAgeMs) return entry
    this.#remove(secretHash, entry.keyId)
    return undefined
  }

  /** Begins a read of the store. `end` it in any case. */
  begin(keyId: string): BegunRead {
    const read: BegunRead = { keyId, begunAt: this.#now(), isVoid: false }
    const reads = this.#reads.get(keyId)
    if (reads) reads.add(read)
    else this.#reads.set(keyId, new Set([read]))
    return read
  }

  /** Ends a read, and keeps the valid key that it found. */
  end(
    read: BegunRead,
    found?: { readonly secretHash: string; readonly key: ActiveKey; readonly answer: A },
  ): void {
    const { keyId, begunAt, isVoid } = read
    const reads = this.#reads.get(keyId)
    reads?.delete(read)
    if (reads?.size === 0) this.#reads.delete(keyId)
    if (!found || isVoid || this.#maxAgeMs === 0) return
    const { secretHash, key, answer } = found
    this.#remove(secretHash, keyId)
    const [oldest] = this.#entries
    if (oldest && this.#entries.size >= MAX_ENTRIES) this.#remove(oldest[0], oldest[1].keyId)
    this.#entries.set(secretHash, { keyId, key, answer, begunAt })
    this.#hashes.set(keyId, secretHash)
  }

  /** Removes what is kept of a key, and keeps reads that began before from being kept. */
  drop(keyId: string): void {
    for (const read of this.#reads.get(keyId) ?? []) read.isVoid = true
    const secretHash = this.#hashes.get(keyId)
    if (secretHash !== undefined) this.#remove(secretHash, keyId)
  }

  #remove(secretHash: string, keyId: string): void {
    this.#entries.delete(secretHash)
    this.#hashes.delete(keyId)
  }
}

/** A store that drops a key from the cache before and after a write that ends the key. */
export const dropEndedKeys = (apiKeys: ApiKeyStore, cache: KeyCheckCache): ApiKeyStore => ({
  read: (id) => apiKeys.read(id),
  find: (query) => apiKeys.find(query),
  update: async (id, transition) => {
    let ends = false
    try {
      return await apiKeys.update(id, (current) => {
        const step = transition(current)
        if (step.next !== current && !isWorking(step.next?.status)) {
          ends = true
          cache.drop(id)
        }
        return step
      })
    } finally {
      if (ends) cache.drop(id)
    }
  },
})

const isWorking = (status: string | undefined): boolean =>
  status === 'claimed' || status === 'active'
