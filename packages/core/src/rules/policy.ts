import { MASK_SIGN, type UserCodeFormat, userCodeLength } from './user-code-format.ts'

/** The values that an operator may choose. All times are whole numbers of milliseconds. */
export interface Policy extends UserCodeFormat {
  /**
   * How long a device code and its user code live: whole seconds from `intervalMs` to 1 hour.
   * @default 600_000 (10 minutes)
   */
  readonly codeLifetimeMs: number
  /**
   * How long an expired code is still known: from `maxIntervalMs + slackMs` to 1 day. Until then its
   * polls are answered `expired_token`, and an approval just before the expiry is found.
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
   * Wrong user codes that one person may enter within the window: 1 to 100.
   * @default 5
   */
  readonly wrongCodesPerPerson: number
  /**
   * Wrong user codes of everyone together within the window: 1 to 10 000. Beyond it each person has one.
   * @default 300
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
   * How long an API key works: 1 s to about 10 years.
   * @default 86_400_000 (1 day)
   */
  readonly keyLifetimeMs: number
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
  wrongCodesPerPerson: 5,
  wrongCodesOfEveryone: 300,
  wrongCodesWindowMs: 10 * MINUTE,
  keyPrefix: 'dg_',
  keyLifetimeMs: DAY,
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
 * two: -32.3 for the deerrors. RFC 8628 section 5.1 suggests about 2^-32.
 */
export const guessBits = (policy: Policy): number => bitsOf(policy.wrongCodesPerPerson, policy)

const bitsOf = (attempts: number, policy: Policy): number => {
  const windows = Math.ceil(policy.codeLifetimeMs / policy.wrongCodesWindowMs)
  return Math.log2(attempts * windows) - userCodeEntropy(policy)
}

/** Nine digits, the shortest code of RFC 8628 section 6.1, just pass with five attempts. */
const WORST_GUESS_BITS = -27
/** For all attempts below the ceiling, because many accounts may work together. */
const WORST_GUESS_BITS_OF_EVERYONE = -20

/**
 * Makes a policy from the deerrors and `changes`.
 * @throws {PolicyError} if user codes could be guessed or a value is out of range
 */
export const createPolicy = (changes: Partial<Policy> = {}): Policy => {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const policy: Policy = { ...DEFAULT_POLICY, ...Object.fromEntries(given) }
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
  range('keepAfterExpiryMs', Number(policy.maxIntervalMs) + Number(policy.slackMs), DAY)
  range('intervalStepMs', SECOND, MINUTE)
  if (policy.intervalStepMs % SECOND !== 0) errors.push('intervalStepMs must be whole seconds')
  range('maxIntervalMs', policy.intervalMs, HOUR)
  if (policy.maxIntervalMs % SECOND !== 0) errors.push('maxIntervalMs must be whole seconds')
  range('slackMs', 0, 10 * SECOND)
  range('openedForMs', 0, HOUR)
  range('wrongCodesPerPerson', 1, 100)
  range('wrongCodesOfEveryone', 1, 10_000)
  range('wrongCodesWindowMs', SECOND, DAY)
  range('keyLifetimeMs', SECOND, 3_660 * DAY)
  if (!isText(policy.keyPrefix, /^[A-Za-z0-9][A-Za-z0-9._~-]{0,31}$/)) {
    errors.push(
      'keyPrefix must be 1 to 32 letters, digits or ._~-, beginning with a letter or digit',
    )
  }
  errors.push(...userCodeFaults(policy))
  if (errors.length > 0) throw new PolicyError(errors)
  return policy
}

const isText = (value: unknown, form: RegExp): boolean =>
  typeof value === 'string' && form.test(value)

const userCodeFaults = (policy: Policy): string[] => {
  const errors: string[] = []
  const { userCodeCharset: charset, userCodeMask: mask } = policy
  if (!isText(charset, /^[A-Z0-9]{2,36}$/)) {
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
  if (!isText(mask, /^[*. -]{1,40}$/) || !mask.includes(MASK_SIGN)) {
    errors.push(`userCodeMask must be up to 40 of ${MASK_SIGN}, dash, dot and space`)
  } else if (!(guessBits(policy) <= WORST_GUESS_BITS)) {
    errors.push(
      `user codes have ${userCodeEntropy(policy).toFixed(1)} bits of entropy, and one person's attempts hit one ` +
        `with 2^${guessBits(policy).toFixed(1)}, more than 2^${WORST_GUESS_BITS}: ` +
        'use more characters, a larger charset, or fewer attempts',
    )
  } else if (!(bitsOf(policy.wrongCodesOfEveryone, policy) <= WORST_GUESS_BITS_OF_EVERYONE)) {
    errors.push(
      `user codes have ${userCodeEntropy(policy).toFixed(1)} bits of entropy, and wrongCodesOfEveryone lets many people ` +
        `together hit one with 2^${bitsOf(policy.wrongCodesOfEveryone, policy).toFixed(1)}, ` +
        `more than 2^${WORST_GUESS_BITS_OF_EVERYONE}: use more characters, a larger charset, or a lower ceiling`,
    )
  }
  return errors
}
