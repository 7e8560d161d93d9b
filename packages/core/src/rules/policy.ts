import { MASK_SIGN, type UserCodeFormat, userCodeLength } from './user-code-format.ts'

/** The values that an operator may choose. All times are whole numbers of milliseconds. */
export interface Policy extends UserCodeFormat {
  /**
   * How long a device code and its user code live: whole seconds from `intervalMs` to 1 hour.
   * @default 600_000 (10 minutes)
   */
  readonly codeLifetimeMs: number
  /**
   * How long an expired code is still known: from `maxIntervalMs + slackMs + redeliverForMs` to 1 day.
   * Until then its polls are answered `expired_token`, and an approval just before the expiry is found.
   * @default 600_000 (10 minutes)
   */
  readonly keepAfterExpiryMs: number
  /**
   * The first spacing between polls (RFC 8628 section 3.2): whole seconds from 1 s to 1 minute.
   * @default 5_000
   */
  readonly intervalMs: number
  /**
   * How much longer an early poll makes the interval (RFC 8628 section 3.5): whole seconds from 1 s to
   * 1 minute.
   * @default 5_000
   */
  readonly intervalStepMs: number
  /**
   * The longest interval that early polls lead to: whole seconds from `intervalMs` to 1 hour.
   * @default 60_000
   */
  readonly maxIntervalMs: number
  /**
   * How much too early a poll may come: up to 10 s, and never more than a fifth of the interval.
   * @default 1_000
   */
  readonly slackMs: number
  /**
   * How long the person who opened a user code has it alone: up to 1 hour.
   * @default 120_000 (2 minutes)
   */
  readonly openedForMs: number
  /**
   * How many people end a user code when they open it or try to: 2 to 10. 0 means that no number does.
   * @default 0
   */
  readonly contestedLimit: number
  /**
   * Wrong user codes that one person may enter within the window: 1 to 100.
   * @default 5
   */
  readonly wrongCodesPerPerson: number
  /**
   * Wrong user codes of everyone together within the window: from 1 to `maxWrongCodesOfEveryone`.
   * Beyond it each person has one.
   * @default the maximum for this charset, mask, lifetime and window, and 3_000 at most
   */
  readonly wrongCodesOfEveryone: number
  /**
   * The window within which wrong user codes count: 1 s to 1 day.
   * @default 600_000 (10 minutes)
   */
  readonly wrongCodesWindowMs: number
  /**
   * The first characters of every API key: 1 to 32 letters, digits or `._~-`, beginning with a letter
   * or digit.
   * @default 'dg_'
   */
  readonly keyPrefix: string
  /**
   * How long an API key may work, for the person to choose: 1 to 8 different times. The first one is
   * preselected, and the list of a registered client replaces it.
   * @default [86_400_000, 2_592_000_000, 7_776_000_000] (1 day, 30 days, 90 days)
   */
  readonly keyLifetimesMs: readonly number[]
  /**
   * The longest time that an API key may work, whatever was chosen: 1 s to about 10 years.
   * @default the longest of keyLifetimesMs
   */
  readonly maxKeyLifetimeMs: number
  /**
   * How long an API key may be unused before it expires: 1 hour to about 10 years. 0 means no limit.
   * @default 0
   */
  readonly keyIdleMs: number
  /**
   * Keys that were approved earlier do not work, epoch milliseconds. After a backup of the keys was
   * restored, it ends those that were revoked since. 0 means no such time.
   * @default 0
   */
  readonly keysNotBefore: number
  /**
   * How long the same key is issued again to its device code, until its first use: up to 10 minutes
   * after it was first issued. 0 issues it once only.
   * @default 120_000 (2 minutes)
   */
  readonly redeliverForMs: number
  /**
   * How many live keys and reservations a person may have: up to 10 000. 0 means no limit.
   * @default 100
   */
  readonly keysPerPerson: number
  /**
   * How long keys that have ended are kept, for their owners to see: up to 1 year. They are kept longer
   * only until their device code is forgotten.
   * @default 2_592_000_000 (30 days)
   */
  readonly keepEndedKeysMs: number
  /**
   * For how long one process may reuse a valid key check: up to 1 minute. 0 reads the store each time.
   * A revocation in another process takes effect within this time.
   * @default 1_000
   */
  readonly keyCheckMaxAgeMs: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The default policy. */
export const DEFAULT_POLICY: Policy = Object.freeze({
  codeLifetimeMs: 10 * MINUTE,
  keepAfterExpiryMs: 10 * MINUTE,
  intervalMs: 5 * SECOND,
  intervalStepMs: 5 * SECOND,
  maxIntervalMs: MINUTE,
  slackMs: SECOND,
  userCodeCharset: 'BCDFGHJKLMNPQRSTVWXZ',
  userCodeMask: '****-****',
  openedForMs: 2 * MINUTE,
  contestedLimit: 0,
  wrongCodesPerPerson: 5,
  wrongCodesOfEveryone: 3_000,
  wrongCodesWindowMs: 10 * MINUTE,
  keyPrefix: 'dg_',
  keyLifetimesMs: Object.freeze([DAY, 30 * DAY, 90 * DAY]),
  maxKeyLifetimeMs: 90 * DAY,
  keyIdleMs: 0,
  keysNotBefore: 0,
  redeliverForMs: 2 * MINUTE,
  keysPerPerson: 100,
  keepEndedKeysMs: 30 * DAY,
  keyCheckMaxAgeMs: SECOND,
})

/** Thrown if a value of a policy is unsafe or out of range. `errors` names every reason. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly errors: readonly string[]
  constructor(errors: readonly string[]) {
    super(`The policy is invalid: ${errors.join('; ')}`)
    this.errors = errors
  }
}

/** The entropy of a user code, in bits. */
export const userCodeEntropy = (format: UserCodeFormat): number =>
  userCodeLength(format) * Math.log2(new Set(format.userCodeCharset).size)

/**
 * The probability that one person's attempts hit one given code within its lifetime, as a power of
 * two: -32.3 for the defaults. RFC 8628 section 5.1 suggests about 2^-32.
 */
export const guessBits = (policy: Policy): number =>
  Math.log2(policy.wrongCodesPerPerson * windowsOf(policy)) - userCodeEntropy(policy)

const windowsOf = (policy: Policy): number =>
  Math.ceil(policy.codeLifetimeMs / policy.wrongCodesWindowMs)

/** Nine digits, the shortest code of RFC 8628 section 6.1, just pass with five attempts. */
const WORST_GUESS_BITS = -27
/** For all attempts below the ceiling, because many accounts may work together. */
const WORST_GUESS_BITS_OF_EVERYONE = -20

/**
 * The largest `wrongCodesOfEveryone` with which all people together hit one given code with a
 * probability of at most 2^-20.
 */
export const maxWrongCodesOfEveryone = (policy: Policy): number => {
  // Not from the entropy, because logarithms are rounded.
  const codes = new Set(policy.userCodeCharset).size ** userCodeLength(policy)
  return Math.floor((codes * 2 ** WORST_GUESS_BITS_OF_EVERYONE) / windowsOf(policy))
}

const defaultCeiling = (policy: Policy): number =>
  isFormat(policy) ? Math.max(1, Math.min(3_000, maxWrongCodesOfEveryone(policy))) : 1

const MAX_LIFETIME_MS = 3_660 * DAY
const MAX_LIFETIMES = 8

const longestLifetime = ({ keyLifetimesMs }: Policy): number =>
  Array.isArray(keyLifetimesMs) && keyLifetimesMs.length > 0 ? Math.max(...keyLifetimesMs) : DAY

const lifetimeErrors = ({ keyLifetimesMs, maxKeyLifetimeMs }: Policy): string[] => {
  if (
    !Array.isArray(keyLifetimesMs) ||
    keyLifetimesMs.length < 1 ||
    keyLifetimesMs.length > MAX_LIFETIMES ||
    new Set(keyLifetimesMs).size !== keyLifetimesMs.length
  ) {
    return [`keyLifetimesMs must be 1 to ${MAX_LIFETIMES} different times`]
  }
  return keyLifetimesMs
    .filter((ms) => !Number.isSafeInteger(ms) || ms < SECOND || ms > maxKeyLifetimeMs)
    .map(
      (ms) =>
        `keyLifetimesMs must have whole numbers from ${SECOND} to ${maxKeyLifetimeMs}, not ${String(ms)}`,
    )
}

/**
 * Makes a policy from the defaults and `changes`.
 * @throws {PolicyError} if user codes could be guessed or a value is out of range
 */
export const createPolicy = (changes: Partial<Policy> = {}): Policy => {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const chosen: Policy = { ...DEFAULT_POLICY, ...Object.fromEntries(given) }
  const policy: Policy = {
    ...chosen,
    ...(changes.wrongCodesOfEveryone === undefined
      ? { wrongCodesOfEveryone: defaultCeiling(chosen) }
      : {}),
    ...(changes.maxKeyLifetimeMs === undefined
      ? { maxKeyLifetimeMs: longestLifetime(chosen) }
      : {}),
  }
  const errors: string[] = []
  const range = (name: keyof Policy, least: number, most: number): void => {
    const value = policy[name]
    if (
      typeof value !== 'number' ||
      !Number.isSafeInteger(value) ||
      value < least ||
      value > most
    ) {
      errors.push(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`)
    }
  }
  range('intervalMs', SECOND, MINUTE)
  if (policy.intervalMs % SECOND !== 0) errors.push('intervalMs must be whole seconds')
  range('codeLifetimeMs', Number(policy.intervalMs), HOUR)
  if (policy.codeLifetimeMs % SECOND !== 0) errors.push('codeLifetimeMs must be whole seconds')
  range(
    'keepAfterExpiryMs',
    Number(policy.maxIntervalMs) + Number(policy.slackMs) + Number(policy.redeliverForMs),
    DAY,
  )
  range('intervalStepMs', SECOND, MINUTE)
  if (policy.intervalStepMs % SECOND !== 0) errors.push('intervalStepMs must be whole seconds')
  range('maxIntervalMs', policy.intervalMs, HOUR)
  if (policy.maxIntervalMs % SECOND !== 0) errors.push('maxIntervalMs must be whole seconds')
  range('slackMs', 0, 10 * SECOND)
  range('openedForMs', 0, HOUR)
  if (policy.contestedLimit !== 0) range('contestedLimit', 2, 10)
  range('wrongCodesPerPerson', 1, 100)
  range('wrongCodesOfEveryone', 1, 1_000_000)
  range('wrongCodesWindowMs', SECOND, DAY)
  range('maxKeyLifetimeMs', SECOND, MAX_LIFETIME_MS)
  errors.push(...lifetimeErrors(policy))
  if (policy.keyIdleMs !== 0) range('keyIdleMs', HOUR, MAX_LIFETIME_MS)
  range('keysNotBefore', 0, Number.MAX_SAFE_INTEGER)
  range('redeliverForMs', 0, 10 * MINUTE)
  range('keysPerPerson', 0, 10_000)
  range('keepEndedKeysMs', 0, 366 * DAY)
  range('keyCheckMaxAgeMs', 0, MINUTE)
  if (!isText(policy.keyPrefix, /^[A-Za-z0-9][A-Za-z0-9._~-]{0,31}$/)) {
    errors.push(
      'keyPrefix must be 1 to 32 letters, digits or ._~-, beginning with a letter or digit',
    )
  }
  errors.push(...userCodeErrors(policy))
  if (errors.length > 0) throw new PolicyError(errors)
  return policy
}

const isText = (value: unknown, form: RegExp): boolean =>
  typeof value === 'string' && form.test(value)

const CHARSET = /^[A-Z0-9]{2,36}$/
const MASK = /^[*. -]{1,40}$/

const isFormat = ({ userCodeCharset, userCodeMask }: Policy): boolean =>
  isText(userCodeCharset, CHARSET) && isText(userCodeMask, MASK)

const userCodeErrors = (policy: Policy): string[] => {
  const errors: string[] = []
  const { userCodeCharset: charset, userCodeMask: mask } = policy
  if (!isText(charset, CHARSET)) {
    return ['userCodeCharset must be 2 to 36 upper-case letters and digits']
  }
  if (new Set(charset).size !== charset.length) {
    errors.push('userCodeCharset has a repeated character')
  }
  for (const pair of ['O0', 'I1', 'L1', 'IL']) {
    if (charset.includes(pair.charAt(0)) && charset.includes(pair.charAt(1))) {
      errors.push(`userCodeCharset has the look-alikes ${pair.charAt(0)} and ${pair.charAt(1)}`)
    }
  }
  if (!isText(mask, MASK) || !mask.includes(MASK_SIGN)) {
    errors.push(`userCodeMask must be up to 40 of ${MASK_SIGN}, dash, dot and space`)
  } else if (!(guessBits(policy) <= WORST_GUESS_BITS)) {
    errors.push(
      `user codes have ${userCodeEntropy(policy).toFixed(1)} bits of entropy, and one person's attempts hit one ` +
        `with 2^${guessBits(policy).toFixed(1)}, more than 2^${WORST_GUESS_BITS}: ` +
        'use more characters, a larger charset, or fewer attempts',
    )
  } else if (policy.wrongCodesOfEveryone > maxWrongCodesOfEveryone(policy)) {
    errors.push(
      `wrongCodesOfEveryone must be at most ${maxWrongCodesOfEveryone(policy)} for these user codes, ` +
        `because more attempts hit one with more than 2^${WORST_GUESS_BITS_OF_EVERYONE}`,
    )
  }
  return errors
}
