import { networkOf } from '../http/network-of.ts'

/** Whether one more request is admitted. */
export type Admission =
  | { readonly outcome: 'admitted' }
  | { readonly outcome: 'address_limit' | 'total_limit'; readonly retryAfterSeconds: number }

/** The length of a window, in milliseconds. */
const WINDOW_MS = 60_000
/** The limit of all addresses together, as a multiple of the limit of one address. */
const TOTAL_FACTOR = 100
const MAX_ADDRESSES = 10_000
/** How often ended windows are deleted at most, in milliseconds. */
const SWEEP_EVERY_MS = 1_000

interface Count {
  /** Epoch milliseconds. */
  since: number
  count: number
}

/**
 * Limits new device codes per address and in total. It counts in the bounded memory of this process, so
 * a flood does not reach the stores. An IPv6 address counts as its /64.
 */
export class AuthorizeLimit {
  readonly #perAddress: number
  readonly #counts = new Map<string, Count>()
  readonly #total: Count = { since: 0, count: 0 }
  #sweptAt = 0

  /** @param perAddress new codes per minute and address, from 1; 0 for no limit */
  constructor(perAddress: number) {
    this.#perAddress = perAddress
  }

  /**
   * Counts a request and tells whether it is admitted.
   * @param now epoch milliseconds
   */
  admit(address: string | undefined, now: number): Admission {
    if (this.#perAddress === 0) return { outcome: 'admitted' }
    const own = this.#countOf(networkOf(address ?? ''), now)
    if (own && own.count >= this.#perAddress) return rejected('address_limit', own, now)
    renew(this.#total, now)
    if (!own || this.#total.count >= this.#perAddress * TOTAL_FACTOR) {
      return rejected('total_limit', this.#total, now)
    }
    own.count += 1
    this.#total.count += 1
    return { outcome: 'admitted' }
  }

  #countOf(network: string, now: number): Count | undefined {
    const known = this.#counts.get(network)
    if (known) return renew(known, now)
    if (this.#counts.size >= MAX_ADDRESSES) {
      // A flood from many addresses must not walk over all of them for every request.
      if (Math.abs(now - this.#sweptAt) < SWEEP_EVERY_MS) return undefined
      this.#sweptAt = now
      for (const [old, { since }] of this.#counts) {
        if (hasEnded(since, now)) this.#counts.delete(old)
      }
      if (this.#counts.size >= MAX_ADDRESSES) return undefined
    }
    const count = { since: now, count: 0 }
    this.#counts.set(network, count)
    return count
  }
}

const hasEnded = (since: number, now: number): boolean => now - since >= WINDOW_MS || now < since

const renew = (count: Count, now: number): Count => {
  if (hasEnded(count.since, now)) {
    count.since = now
    count.count = 0
  }
  return count
}

const rejected = (
  outcome: 'address_limit' | 'total_limit',
  { since }: Count,
  now: number,
): Admission => ({
  outcome,
  retryAfterSeconds: Math.max(1, Math.ceil((since + WINDOW_MS - now) / 1000)),
})
