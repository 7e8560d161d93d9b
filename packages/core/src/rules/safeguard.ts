import type { DeviceAuthorizationRequest, DeviceInfo } from './device-authorization-request.ts'
import type { RegisteredClient } from './registered-client.ts'
import type { CatalogueScopes } from './scope.ts'

/**
 * A mitigation of RFC 10027 section 6.1 that an operator adds. Each member is absent if it has no say
 * there. A safeguard never hinders a denial.
 */
export interface Safeguard {
  /**
   * What an approved grant calls it if the approval met it. Another rule needs another name, because the
   * grant is stored.
   * @default it is not asked for at pick-up
   */
  readonly name?: string | undefined
  /**
   * Whether an API key that comes with a request for a device code counts as its sender.
   * @default false
   */
  readonly readsApiKey?: boolean | undefined
  /** Why a client gets no device code. */
  readonly refuseRequest?: ((facts: RequestFacts) => RequestRefusal | undefined) | undefined
  /** Why a person cannot approve at all. */
  readonly blockApproval?: ((facts: ApprovalFacts) => ApprovalBlock | undefined) | undefined
  /** What a person has to say to approve, and whether they said it. */
  readonly needForApproval?: ((facts: ApprovalFacts) => StatedNeed | undefined) | undefined
  /**
   * What an approved grant keeps for `refusePickUp`.
   * @default `name`, if the approval met the safeguard
   */
  readonly noteApproval?: ((facts: ApprovalFacts) => string | undefined) | undefined
  /** Why a device gets no key, although a person approved it. */
  readonly refusePickUp?: ((facts: PickUpFacts) => PickUpRefusal | undefined) | undefined
}

/** What safeguards know of a request for a device code. */
export interface RequestFacts extends ScopeFacts {
  /** Whether the client proved who it is. */
  readonly clientAuthenticated: boolean
  /** The owner of the API key that came with the request. */
  readonly sender?: string | undefined
}

/** The scopes that an approval is about. */
export interface ScopeFacts {
  /** The names, separated by spaces. */
  readonly scope: string | undefined
  readonly catalogue: CatalogueScopes | undefined
}

/** What safeguards know of an approval. */
export interface ApprovalFacts extends RequestFacts {
  readonly request: DeviceAuthorizationRequest
  readonly client: RegisteredClient | undefined
  /** The user code as it is stored. */
  readonly userCode: string
  readonly browser: DeviceInfo | undefined
  /** When the person last signed in, epoch milliseconds. Absent if that is unknown. */
  readonly signedInAt: number | undefined
  readonly statement: Statement
  /** Epoch milliseconds. */
  readonly now: number
}

/** What safeguards know when a device picks its key up. */
export interface PickUpFacts extends ScopeFacts {
  /** What the safeguards noted at the approval. */
  readonly met: readonly string[]
}

/** What a person says when they approve a device. */
export interface Statement {
  /** Why the device is in another network than the browser. */
  readonly elsewhereReason?: string | undefined
  /** The last four characters of the user code, as the person typed them. */
  readonly codeEnding?: string | undefined
}

/**
 * `unknown_person`: neither a key nor an authentication of the client came with the request.
 * `sensitive_scope`: a scope is never granted in this way.
 */
export type RequestRefusal = 'unknown_person' | 'sensitive_scope'

/**
 * `elsewhere`: the device is not known to be near the person. `sign_in_again`: the person signed in too
 * long ago.
 */
export type ApprovalBlock = 'elsewhere' | 'sign_in_again'

/** `sensitive_scope`: a scope is granted never, or only under conditions that the approval did not meet. */
export type PickUpRefusal = 'sensitive_scope'

/** What a person has to say to approve: a member of `Statement`. */
export type ApprovalNeed = 'elsewhere_reason' | 'code_ending'

/** What a person has to say, and whether they said it. */
export interface StatedNeed {
  readonly need: ApprovalNeed
  readonly isMet: boolean
}

/** The first reason why a client gets no device code. */
export const refusedBySafeguards = (
  safeguards: readonly Safeguard[],
  facts: RequestFacts,
): RequestRefusal | undefined => first(safeguards, (each) => each.refuseRequest?.(facts))

/** The first reason why a person cannot approve. */
export const blockedBySafeguards = (
  safeguards: readonly Safeguard[],
  facts: ApprovalFacts,
): ApprovalBlock | undefined => first(safeguards, (each) => each.blockApproval?.(facts))

/** Everything that a person has to say to approve, each need once. */
export const neededBySafeguards = (
  safeguards: readonly Safeguard[],
  facts: ApprovalFacts,
): readonly StatedNeed[] => {
  const stated = safeguards.flatMap((each) => each.needForApproval?.(facts) ?? [])
  return stated.filter(({ need }, i) => stated.findIndex((other) => other.need === need) === i)
}

/** Whether an approval meets a safeguard. */
export const isMet = (safeguard: Safeguard, facts: ApprovalFacts): boolean =>
  safeguard.refuseRequest?.(facts) === undefined &&
  safeguard.blockApproval?.(facts) === undefined &&
  (safeguard.needForApproval?.(facts)?.isMet ?? true)

/** What an approved grant keeps of what the safeguards find. */
export const notedBySafeguards = (
  safeguards: readonly Safeguard[],
  facts: ApprovalFacts,
): readonly string[] => {
  const notes = safeguards.map((each) => {
    if (each.noteApproval) return each.noteApproval(facts)
    return isMet(each, facts) ? each.name : undefined
  })
  return [...new Set(notes.filter((note) => note !== undefined))]
}

/** The first reason why a device gets no key. */
export const refusedAtPickUp = (
  safeguards: readonly Safeguard[],
  facts: PickUpFacts,
): PickUpRefusal | undefined => first(safeguards, (each) => each.refusePickUp?.(facts))

const first = <T>(
  safeguards: readonly Safeguard[],
  ask: (safeguard: Safeguard) => T | undefined,
): T | undefined => {
  for (const safeguard of safeguards) {
    const answer = ask(safeguard)
    if (answer !== undefined) return answer
  }
  return undefined
}
