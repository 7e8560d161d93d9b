import { MASK_SIGN, type UserCodeFormat, userCodeLength } from './user-code-format.ts'

/** Everything about the grant that an operator may choose. Times in milliseconds. */
export interface Policy extends UserCodeFormat {
  /** How long a device code and its user code live. */
  readonly codeLifetimeMs: number
  /**
   * How long past its expiry a code is remembered, so that it is answered `expired_token`, and so that an
   * approval just before the expiry is still found: at least the longest interval and the slack.
   */
  readonly keepAfterExpiryMs: number
  /** The first spacing between polls; whole seconds on the wire. */
  readonly intervalMs: number
  /** What an early poll adds to it (RFC 8628 section 3.5: 5 seconds). */
  readonly intervalStepMs: number
  /** No early poll makes the spacing longer than this. */
  readonly maxIntervalMs: number
  /** How much too early a poll may come; never more than a fifth of the interval. */
  readonly slackMs: number
  /** How long the person who opened a user code has it alone. */
  readonly openedForMs: number
  /** Wrong user codes that one person may try within the window. */
  readonly wrongCodesPerPerson: number
  /** Wrong user codes of everybody together within the window; beyond it each person has one. */
  readonly wrongCodesOfEverybody: number
  readonly wrongCodesWindowMs: number
  /** What API keys begin with. */
  readonly keyPrefix: string
  readonly keyLifetimeMs: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The policy that holds where nothing else is said. */
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
  wrongCodesOfEverybody: 300,
  wrongCodesWindowMs: 10 * MINUTE,
  keyPrefix: 'dg_',
  keyLifetimeMs: DAY,
})

/** A policy that would be unsafe or absurd. `faults` names every reason. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The policy is refused: ${faults.join('; ')}`)
    this.faults = faults
  }
}

/** The entropy of a user code, in bits. */
export const userCodeEntropy = (format: UserCodeFormat): number =>
  userCodeLength(format) * Math.log2(new Set(format.userCodeCharset).size)

/**
 * How likely one person's wrong guesses hit one given code within its life, as a power of two:
 * -32.3 for the defaults (RFC 8628 section 5.1 asks for about 2^-32).
 */
export const guessBits = (policy: Policy): number => bitsOf(policy.wrongCodesPerPerson, policy)

const bitsOf = (tries: number, policy: Policy): number => {
  const windows = Math.ceil(policy.codeLifetimeMs / policy.wrongCodesWindowMs)
  return Math.log2(tries * windows) - userCodeEntropy(policy)
}

/** Nine digits, the shortest code that RFC 8628 section 6.1 shows, just pass with five tries. */
const WORST_GUESS_BITS = -27
/** For all tries below the ceiling together: many accounts may work as one. */
const WORST_GUESS_BITS_OF_EVERYBODY = -20

/**
 * A policy of your own: the defaults with `changes`.
 * @throws {PolicyError} when codes could be guessed or a value is absurd; it names every fault
 */
export const createPolicy = (changes: Partial<Policy> = {}): Policy => {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const policy: Policy = { ...DEFAULT_POLICY, ...Object.fromEntries(given) }
  const faults: string[] = []
  const range = (name: keyof Policy, least: number, most: number): void => {
    const value = policy[name]
    if (
      typeof value !== 'number' ||
      !Number.isSafeInteger(value) ||
      value < least ||
      value > most
    ) {
      faults.push(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`)
    }
  }
  range('intervalMs', SECOND, MINUTE)
  if (policy.intervalMs % SECOND !== 0) faults.push('intervalMs must be whole seconds')
  range('codeLifetimeMs', Number(policy.intervalMs), HOUR)
  if (policy.codeLifetimeMs % SECOND !== 0) faults.push('codeLifetimeMs must be whole seconds')
  range('keepAfterExpiryMs', Number(policy.maxIntervalMs) + Number(policy.slackMs), DAY)
  range('intervalStepMs', SECOND, MINUTE)
  if (policy.intervalStepMs % SECOND !== 0) faults.push('intervalStepMs must be whole seconds')
  range('maxIntervalMs', policy.intervalMs, HOUR)
  if (policy.maxIntervalMs % SECOND !== 0) faults.push('maxIntervalMs must be whole seconds')
  range('slackMs', 0, 10 * SECOND)
  range('openedForMs', 0, HOUR)
  range('wrongCodesPerPerson', 1, 100)
  range('wrongCodesOfEverybody', 1, 10_000)
  range('wrongCodesWindowMs', SECOND, DAY)
  range('keyLifetimeMs', SECOND, 3_660 * DAY)
  if (!isText(policy.keyPrefix, /^[A-Za-z0-9][A-Za-z0-9._~-]{0,31}$/)) {
    faults.push(
      'keyPrefix must be 1 to 32 letters, digits or ._~-, beginning with a letter or digit',
    )
  }
  faults.push(...userCodeFaults(policy))
  if (faults.length > 0) throw new PolicyError(faults)
  return policy
}

const isText = (value: unknown, form: RegExp): boolean =>
  typeof value === 'string' && form.test(value)

const userCodeFaults = (policy: Policy): string[] => {
  const faults: string[] = []
  const { userCodeCharset: charset, userCodeMask: mask } = policy
  if (!isText(charset, /^[A-Z0-9]{2,36}$/)) {
    return ['userCodeCharset must be 2 to 36 upper-case letters and digits']
  }
  if (new Set(charset).size !== charset.length) {
    faults.push('userCodeCharset has a character twice')
  }
  for (const pair of ['O0', 'I1', 'L1', 'IL']) {
    if (charset.includes(pair.charAt(0)) && charset.includes(pair.charAt(1))) {
      faults.push(`userCodeCharset has the look-alikes ${pair.charAt(0)} and ${pair.charAt(1)}`)
    }
  }
  if (!isText(mask, /^[*. -]{1,40}$/) || !mask.includes(MASK_SIGN)) {
    faults.push(`userCodeMask must be up to 40 of ${MASK_SIGN}, dash, dot and space`)
  } else if (!(guessBits(policy) <= WORST_GUESS_BITS)) {
    faults.push(
      `user codes have ${userCodeEntropy(policy).toFixed(1)} bits of entropy, and one person's tries hit one ` +
        `with 2^${guessBits(policy).toFixed(1)}, more than 2^${WORST_GUESS_BITS}: ` +
        'use more characters, a larger charset, or fewer tries',
    )
  } else if (!(bitsOf(policy.wrongCodesOfEverybody, policy) <= WORST_GUESS_BITS_OF_EVERYBODY)) {
    faults.push(
      `user codes have ${userCodeEntropy(policy).toFixed(1)} bits of entropy, and wrongCodesOfEverybody lets many people ` +
        `together hit one with 2^${bitsOf(policy.wrongCodesOfEverybody, policy).toFixed(1)}, ` +
        `more than 2^${WORST_GUESS_BITS_OF_EVERYBODY}: use more characters, a larger charset, or a lower ceiling`,
    )
  }
  return faults
}
