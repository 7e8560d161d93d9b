import type { ApiKeyStore, ClientRegistry, ScopeCatalogue } from '../ports.ts'
import type { Refusal } from '../rules/decision.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import { reviewGrant } from '../rules/device-grant.ts'
import { offeredLifetimes } from '../rules/key-lifetime.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'
import {
  type ApprovalFacts,
  type ApprovalNeed,
  blockedBySafeguards,
  neededBySafeguards,
  type Safeguard,
} from '../rules/safeguard.ts'
import {
  type AllowedScope,
  type CatalogueScope,
  type CatalogueScopes,
  scopeNames,
} from '../rules/scope.ts'
import { showUserCode } from '../rules/user-code.ts'
import { StoreError } from '../store-errors.ts'
import type { Admission } from './admission.ts'
import { allowedRequest } from './allowed-request.ts'
import { aboutGrant } from './event-members.ts'
import {
  type LookUpUserCodeDependencies,
  lookUpUserCode,
  type TypedUserCode,
} from './look-up-user-code.ts'
import { refuseUserCode } from './refuse-user-code.ts'
import { findReplaceableKey, type ReplaceableKey } from './replaceable-key.ts'
import { withClient } from './with-client.ts'

/** A scope that a client asks for. */
export interface RequestedScopeName {
  readonly name: string
  /** What the catalogue says of it. Absent if there is no catalogue. */
  readonly entry?: CatalogueScope | undefined
}

/** What a person must see before they decide (RFC 8628 sections 3.3 and 5.4). */
export interface PendingAuthorization {
  readonly outcome: 'pending'
  /** The user code as the device shows it. */
  readonly userCode: string
  readonly request: DeviceAuthorizationRequest
  /** Epoch milliseconds. */
  readonly requestedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** The registered client that asks. Absent without a registry. */
  readonly client?: RegisteredClient | undefined
  /** The scopes that it asks for and may have, in the order of the catalogue. */
  readonly scopes: readonly RequestedScopeName[]
  /**
   * Whether the person chooses among the scopes: if there is a catalogue, or if the operator allows none
   * of them any more.
   */
  readonly hasScopeChoice: boolean
  /** How long the key may work, in milliseconds. The first one holds if none is chosen. */
  readonly keyLifetimesMs: readonly [number, ...number[]]
  /** An earlier key of the same device, if there is one. */
  readonly replaceable?: ReplaceableKey | undefined
  /** What the person has to say to approve. */
  readonly needs: readonly ApprovalNeed[]
}

/**
 * Shows a person the request behind a user code and opens the code for them. It decides nothing.
 * @throws {StoreError} if the code could not be looked up
 */
export type ReviewUserCode = (typed: TypedUserCode) => Promise<PendingAuthorization | Refusal>

/** The ports of `ReviewUserCode`. */
export interface ReviewUserCodeDependencies extends LookUpUserCodeDependencies {
  readonly apiKeys: ApiKeyStore
  /** @default every person is admitted */
  readonly admission?: Admission | undefined
  /** @default clients have no names, and the lifetimes of the policy */
  readonly clients?: ClientRegistry | undefined
  /** @default scopes have no descriptions */
  readonly scopes?: ScopeCatalogue | undefined
  /** @default none */
  readonly safeguards?: readonly Safeguard[] | undefined
}

/** An approval asks again, so that a person can see and deny a request while it is unknown. */
const isRefused = async (
  { admission }: ReviewUserCodeDependencies,
  person: string,
): Promise<boolean> => {
  try {
    return admission !== undefined && !(await admission.isAdmitted(person))
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}

/** Makes the use case that shows a request. A wrong code costs an attempt (RFC 8628 section 5.1). */
export const createReviewUserCode =
  (dependencies: ReviewUserCodeDependencies): ReviewUserCode =>
  async (typed) => {
    const { grants, policy, clock, events, clients, safeguards = [] } = dependencies
    const { person, browser, signedInAt } = typed
    if (await isRefused(dependencies, person)) {
      const at = clock.now()
      events.emit({ type: 'person_not_admitted', at, person, browser, during: 'review' })
      return { outcome: 'not_admitted' }
    }
    const found = await lookUpUserCode(dependencies, typed)
    if (found.outcome !== 'found') return found
    const now = clock.now()
    const review = await grants.update(found.grantId, reviewGrant(now))
    if (review.outcome !== 'pending') {
      const refusal = refuseUserCode(review, { person: typed.person, found, format: policy })
      return withClient(refusal, 'clientId' in refusal ? refusal.clientId : undefined, clients)
    }
    const { request, requestedAt, expiresAt } = review.grant
    const allowed = await allowedRequest(dependencies, request)
    if (allowed.outcome !== 'allowed') return allowed
    const { client, catalogue, scope } = allowed
    const facts: ApprovalFacts = {
      request,
      clientAuthenticated: request.clientAuthenticated === true,
      sender: found.sender,
      client,
      userCode: found.userCode,
      scope: scope.outcome === 'ok' ? scope.scope : undefined,
      catalogue,
      browser,
      signedInAt,
      statement: {},
      now,
    }
    const blocked = blockedBySafeguards(safeguards, facts)
    if (blocked) {
      const about = { ...aboutGrant(found.grantId, review.grant), person, browser }
      events.emit({ type: 'approval_blocked', at: now, ...about, reason: blocked })
      return {
        outcome: blocked,
        userCode: showUserCode(found.userCode, policy),
        clientId: request.clientId,
        client,
      }
    }
    return {
      outcome: 'pending',
      userCode: showUserCode(found.userCode, policy),
      request,
      requestedAt,
      expiresAt,
      client,
      scopes: requestedScopes(scope, catalogue),
      hasScopeChoice: catalogue !== undefined || scope.outcome === 'none',
      keyLifetimesMs: offeredLifetimes(client, policy),
      replaceable: await findReplaceableKey(dependencies, typed.person, request),
      needs: neededBySafeguards(safeguards, facts).map(({ need }) => need),
    }
  }

const requestedScopes = (
  allowed: AllowedScope,
  catalogue: CatalogueScopes | undefined,
): readonly RequestedScopeName[] => {
  if (allowed.outcome === 'none') return []
  const names = scopeNames(allowed.scope)
  if (!catalogue) return names.map((name) => ({ name }))
  return [...catalogue].flatMap(([name, entry]) => (names.includes(name) ? { name, entry } : []))
}
