import type { Clock, Events, StateStore } from '../ports.ts'
import {
  allowanceOf,
  type Charge,
  chargeTry,
  EVERYBODY,
  giveTryBack,
  type Window,
  windowIdOf,
} from '../rules/code-attempts.ts'
import type { Policy } from '../rules/policy.ts'
import { normaliseUserCode, openUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreConflictError } from '../store-errors.ts'

export interface FindGrantDependencies {
  readonly userCodes: StateStore<UserCodeClaim>
  readonly windows: StateStore<Window>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

/** What a typed user code stands for, as far as this person may know. */
export type FoundGrant =
  | { readonly outcome: 'found'; readonly grantId: string; readonly userCode: string }
  | WrongUserCode

/** There is no code to be found. Where no try is left, there will be one after `retryAfterMs`. */
export type WrongUserCode =
  /** No such code, or somebody else has it open: the two look the same. */
  | { readonly outcome: 'invalid'; readonly triesLeft: number; readonly retryAfterMs?: number }
  | { readonly outcome: 'too_many_wrong_codes'; readonly retryAfterMs: number }

/**
 * Finds the grant of a typed user code and opens it for the person. The try is charged before the
 * look-up and given back when the code exists, so that parallel guesses count (RFC 8628 section 5.1).
 * @throws {StoreError} nothing was opened, or nobody knows
 */
export const findGrant = async (
  dependencies: FindGrantDependencies,
  typed: string,
  person: string,
): Promise<FoundGrant> => {
  const { userCodes, policy, clock, events } = dependencies
  const now = clock.now()
  const charged = await charge(dependencies, person, now)
  if (!charged) {
    events.emit({ type: 'too_many_wrong_user_codes', at: now, person })
    return { outcome: 'too_many_wrong_codes', retryAfterMs: policy.wrongCodesWindowMs }
  }
  const userCode = normaliseUserCode(typed, policy)
  if (userCode !== undefined) {
    const opened = await userCodes
      .update(userCode, openUserCode(person, now, policy))
      .catch(async (fault: unknown) => {
        // A fault tells nothing about the code, so it was no try.
        await giveBack(dependencies, charged.windowIds, now)
        throw fault
      })
    if (opened.outcome === 'opened') {
      await giveBack(dependencies, charged.windowIds, now)
      return { outcome: 'found', grantId: opened.grantId, userCode }
    }
    if (opened.outcome === 'contested') {
      events.emit({ type: 'user_code_contested', at: now, grantId: opened.grantId, person })
    }
  }
  const triesLeft = await countWrong(dependencies, charged, now)
  events.emit({ type: 'wrong_user_code', at: now, person, triesLeft })
  return {
    outcome: 'invalid',
    triesLeft,
    ...(triesLeft > 0 ? {} : { retryAfterMs: policy.wrongCodesWindowMs }),
  }
}

interface ChargedTry {
  /** How many tries of this person were charged before it. */
  readonly before: number
  /** Where it was charged. */
  readonly windowIds: readonly string[]
}

/**
 * Charges one try, or returns `undefined` when there is none left. The first try of a person is theirs
 * whatever others do, so only a further one asks for room below the ceiling: people who type their codes
 * right do not meet at one counter.
 */
const charge = async (
  dependencies: FindGrantDependencies,
  person: string,
  now: number,
): Promise<ChargedTry | undefined> => {
  const { windows, policy } = dependencies
  const windowMs = policy.wrongCodesWindowMs
  const id = windowIdOf(person)
  const own = await windows.update(id, chargeTry(policy.wrongCodesPerPerson, now, windowMs))
  if (own.outcome === 'full') return undefined
  const { before } = own
  if (before < allowanceOf(true, policy)) return { before, windowIds: [id] }
  const everybody = await chargeEverybody(dependencies, now)
  if (everybody.outcome === 'charged') return { before, windowIds: [id, EVERYBODY] }
  await windows.update(id, giveTryBack(now, now, windowMs))
  return undefined
}

/** Counts a try that was wrong towards the ceiling. Returns how many are left after it. */
const countWrong = async (
  dependencies: FindGrantDependencies,
  { before, windowIds }: ChargedTry,
  now: number,
): Promise<number> => {
  const counted = windowIds.includes(EVERYBODY)
  const ceilingReached = !counted && (await chargeEverybody(dependencies, now)).outcome === 'full'
  return Math.max(0, allowanceOf(ceilingReached, dependencies.policy) - before - 1)
}

const chargeEverybody = async (
  { windows, policy }: FindGrantDependencies,
  now: number,
): Promise<Charge> => {
  const { wrongCodesOfEverybody, wrongCodesWindowMs } = policy
  try {
    return await windows.update(
      EVERYBODY,
      chargeTry(wrongCodesOfEverybody, now, wrongCodesWindowMs),
    )
  } catch (fault) {
    // So many try at once that this cannot be counted: the same as too many.
    if (fault instanceof StoreConflictError) return { outcome: 'full' }
    throw fault
  }
}

const giveBack = async (
  { windows, policy }: FindGrantDependencies,
  windowIds: readonly string[],
  now: number,
): Promise<void> => {
  const back = giveTryBack(now, now, policy.wrongCodesWindowMs)
  // The code was right; a try that cannot be given back comes back with its window.
  await Promise.allSettled(windowIds.map((id) => windows.update(id, back)))
}
