import { sha256 } from '../crypto.ts'
import type { Retained, Transition } from './transition.ts'

/** A client assertion that was used, kept until it expires (RFC 7523 section 3). */
export type UsedAssertion = Retained

/** The id of an assertion: a hash of its client and its `jti`. */
export const assertionIdOf = (clientId: string, jti: string): string =>
  sha256(JSON.stringify(['assertion', clientId, jti]))

/** Uses an assertion. `expiresAt` and `now` are epoch milliseconds. It works once. */
export const useAssertion =
  ({
    expiresAt,
    now,
  }: {
    readonly expiresAt: number
    readonly now: number
  }): Transition<UsedAssertion, 'first_use' | 'used_before'> =>
  (current) =>
    current && now < current.keepUntil
      ? { next: current, reply: 'used_before' }
      : { next: { keepUntil: expiresAt }, reply: 'first_use' }
