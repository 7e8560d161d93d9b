import { isIPv6 } from 'node:net'
import { type DeviceInfo, networkOf } from '@device-grant/core'

import type { AddressSet } from '../security/client-address.ts'

/** Whether one more request, or one more code, is admitted. */
export type Admission = { readonly outcome: 'admitted' } | Refusal

/** The limit that was reached, and when to ask again. */
export interface Refusal {
  readonly outcome: 'address_limit' | 'total_limit'
  readonly retryAfterSeconds: number
}

/** The length of a window, in milliseconds. */
const WINDOW_MS = 60_000
/** The limit of all codes together, as a multiple of the limit of one address. */
const TOTAL_FACTOR = 100
/** The limit of an IPv6 /48, which is the most that one customer usually has, as such a multiple. */
const SITE_FACTOR = 5
const MAX_NETWORKS = 10_000
/** How often ended windows are deleted at most, in milliseconds. */
const SWEEP_EVERY_MS = 1_000

interface Count {
  /** Epoch milliseconds. */
  since: number
  count: number
}

/**
 * Limits requests for device codes per address, and issued codes in total. It counts in the bounded memory
 * of this process, so a flood does not reach the stores. An IPv6 address counts as its /64, and more
 * loosely as its /48. Requests of web pages count apart, so that a page cannot use up a visitor's own requests.
 */
export class AuthorizeLimit {
  readonly #perAddress: number
  readonly #exempt: Pick<AddressSet, 'has'>
  readonly #counts = new Map<string, Count>()
  readonly #total: Count = { since: 0, count: 0 }
  #sweptAt = 0

  /**
   * @param perAddress requests per minute and address, from 1; 0 for no limit
   * @param exempt addresses that only the limit in total holds for
   */
  constructor(perAddress: number, exempt: Pick<AddressSet, 'has'> = { has: () => false }) {
    this.#perAddress = perAddress
    this.#exempt = exempt
  }

  /**
   * Counts a request at its address, and tells whether it is admitted.
   * @param now epoch milliseconds
   */
  admitRequest(
    { address = '', webOrigin }: Pick<DeviceInfo, 'address' | 'webOrigin'>,
    now: number,
  ): Admission {
    if (this.#perAddress === 0 || this.#exempt.has(address)) return { outcome: 'admitted' }
    const counts: Count[] = []
    // The wider network comes first, so that it bounds how many entries its addresses make.
    for (const { network, factor } of tiersOf(address)) {
      const key = webOrigin === undefined ? network : `web ${network}`
      const count = this.#countOf(key, now)
      if (!count) return rejected('total_limit', renew(this.#total, now), now)
      if (count.count >= factor * this.#perAddress) return rejected('address_limit', count, now)
      counts.push(count)
    }
    for (const count of counts) count.count += 1
    return { outcome: 'admitted' }
  }

  /**
   * Counts a code that is about to be issued, and tells whether it is admitted. Requests that are refused
   * for other reasons do not count, so they cannot keep others from getting codes.
   * @param now epoch milliseconds
   */
  admitCode(now: number): Admission {
    if (this.#perAddress === 0) return { outcome: 'admitted' }
    const total = renew(this.#total, now)
    if (total.count >= this.#perAddress * TOTAL_FACTOR) return rejected('total_limit', total, now)
    total.count += 1
    return { outcome: 'admitted' }
  }

  /**
   * Takes back an admitted code, because the request got none. A later window keeps its own count.
   * @param admittedAt the time given to `admitCode`, in epoch milliseconds
   */
  takeBackCode(admittedAt: number): void {
    const total = this.#total
    if (total.count > 0 && !hasEnded(total.since, admittedAt)) total.count -= 1
  }

  #countOf(network: string, now: number): Count | undefined {
    const known = this.#counts.get(network)
    if (known) return renew(known, now)
    if (this.#counts.size >= MAX_NETWORKS) {
      // A flood from many addresses must not walk over all of them for every request.
      if (Math.abs(now - this.#sweptAt) < SWEEP_EVERY_MS) return undefined
      this.#sweptAt = now
      for (const [old, { since }] of this.#counts) {
        if (hasEnded(since, now)) this.#counts.delete(old)
      }
      if (this.#counts.size >= MAX_NETWORKS) return undefined
    }
    const count = { since: now, count: 0 }
    this.#counts.set(network, count)
    return count
  }
}

/** The networks that an address counts with, the widest first. */
const tiersOf = (
  address: string,
): readonly { readonly network: string; readonly factor: number }[] => [
  ...(isIPv6(address) ? [{ network: networkOf(address, 48), factor: SITE_FACTOR }] : []),
  { network: networkOf(address), factor: 1 },
]

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
