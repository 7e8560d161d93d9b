import { networkOf } from '../http/network-of.ts'

/** The verdict on one more request from an address. */
export type Admission =
  | { readonly outcome: 'admitted' }
  | { readonly outcome: 'address_limit' | 'total_limit'; readonly retryAfterSeconds: number }

const WINDOW_MS = 60_000
/** One address may not fill the ceiling, however it is set. */
const CEILING = 100
const MAX_ADDRESSES = 10_000
const SWEEP_EVERY_MS = 1_000

interface Count {
  since: number
  count: number
}

/**
 * Counts new device codes per address and in total, in this process's bounded memory, so that a flood
 * costs the stores nothing. An IPv6 address counts as its /64.
 */
export class AuthorizeLimit {
  readonly #perAddress: number
  readonly #counts = new Map<string, Count>()
  readonly #total: Count = { since: 0, count: 0 }
  #sweptAt = 0

  /** @param perAddress new codes a minute for one address; 0: no limit at all */
  constructor(perAddress: number) {
    this.#perAddress = perAddress
  }

  /** @param now epoch milliseconds */
  admit(address: string | undefined, now: number): Admission {
    if (this.#perAddress === 0) return { outcome: 'admitted' }
    const own = this.#countOf(networkOf(address ?? ''), now)
    if (own && own.count >= this.#perAddress) return refused('address_limit', own, now)
    renew(this.#total, now)
    if (!own || this.#total.count >= this.#perAddress * CEILING) {
      return refused('total_limit', this.#total, now)
    }
    own.count += 1
    this.#total.count += 1
    return { outcome: 'admitted' }
  }

  #countOf(network: string, now: number): Count | undefined {
    const known = this.#counts.get(network)
    if (known) return renew(known, now)
    if (this.#counts.size >= MAX_ADDRESSES) {
      // A flood from ever new addresses must not cost a look at all of them each time.
      if (Math.abs(now - this.#sweptAt) < SWEEP_EVERY_MS) return undefined
      this.#sweptAt = now
      for (const [old, { since }] of this.#counts) {
        if (isOver(since, now)) this.#counts.delete(old)
      }
      if (this.#counts.size >= MAX_ADDRESSES) return undefined
    }
    const count = { since: now, count: 0 }
    this.#counts.set(network, count)
    return count
  }
}

const isOver = (since: number, now: number): boolean => now - since >= WINDOW_MS || now < since

const renew = (count: Count, now: number): Count => {
  if (isOver(count.since, now)) {
    count.since = now
    count.count = 0
  }
  return count
}

const refused = (
  outcome: 'address_limit' | 'total_limit',
  { since }: Count,
  now: number,
): Admission => ({
  outcome,
  retryAfterSeconds: Math.max(1, Math.ceil((since + WINDOW_MS - now) / 1000)),
})
