import type { EventOf } from '../events.ts'
import type { ApiKeyStore, ClientRegistry, ScopeCatalogue, StateStore } from '../ports.ts'
import { keyNameOf, reserveKey, revokeKey, settleReservation } from '../rules/api-key.ts'
import { keyIdOf } from '../rules/api-key-format.ts'
import type { CutOff } from '../rules/cut-off.ts'
import type { Decision, Refusal } from '../rules/decision.ts'
import {
  type ApprovedGrant,
  type DeniedGrant,
  decideGrant,
  type GrantDecision,
  type GrantReview,
  isNewReport,
  type KeyTerms,
  type PendingGrant,
  reportGrant,
  reviewGrant,
} from '../rules/device-grant.ts'
import { readDeviceName } from '../rules/device-name.ts'
import type { EndKey } from '../rules/key-ending.ts'
import { chosenLifetime, offeredLifetimes } from '../rules/key-lifetime.ts'
import { isElsewhereReason } from '../rules/proximity.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'
import {
  type ApprovalFacts,
  type ApprovalNeed,
  blockedBySafeguards,
  neededBySafeguards,
  notedBySafeguards,
  refusedAtPickUp,
  type Safeguard,
  type Statement,
} from '../rules/safeguard.ts'
import { type CatalogueScopes, grantedScope } from '../rules/scope.ts'
import { showUserCode } from '../rules/user-code.ts'
import { StoreError } from '../store-errors.ts'
import type { Admission } from './admission.ts'
import { allowedRequest } from './allowed-request.ts'
import { applyRevocation } from './apply-revocation.ts'
import { aboutGrant } from './event-members.ts'
import { findCutOff } from './find-cut-off.ts'
import { type ListedKey, listKey } from './list-api-keys.ts'
import { liveKeysOf } from './live-keys.ts'
import {
  type FoundUserCode,
  type LookUpUserCodeDependencies,
  lookUpUserCode,
  type TypedUserCode,
} from './look-up-user-code.ts'
import { refuseUserCode } from './refuse-user-code.ts'
import { isReplaceable, lastTouched } from './replaceable-key.ts'
import { withClient } from './with-client.ts'

/** What a signed-in person decides about a user code. */
export interface UserCodeAnswer extends TypedUserCode, Statement {
  readonly decision: Decision
  /**
   * The scopes that are left of the requested ones, each once.
   * @default all that were requested
   */
  readonly scopes?: readonly string[] | undefined
  /**
   * How long the key will work, in milliseconds: one of those that the review offers.
   * @default the first one
   */
  readonly lifetimeMs?: number | undefined
  /**
   * The name of the device. Without visible characters, it has none.
   * @default the device's own name for itself
   */
  readonly deviceName?: string | undefined
  /**
   * The id of the person's key of the same client that the first use of the new one ends.
   * @default no key is replaced
   */
  readonly replaces?: string | undefined
  /**
   * For a denial: whether the person says that they did not start the login. It is an event of its own,
   * also if the person decided before.
   * @default false
   */
  readonly isReported?: boolean | undefined
}

/** The device that a person decided about. */
interface DecidedDevice {
  /** The user code as the device shows it. */
  readonly userCode: string
  readonly clientId?: string | undefined
  /** What the registry knows of the client. */
  readonly client?: RegisteredClient | undefined
  /** The name of the device, as the person left it. */
  readonly deviceName?: string | undefined
}

/** The result of an answer: decided, refused with a reason, or left open by a store that failed. */
export type AnswerReply =
  | (DecidedDevice & {
      readonly outcome: 'approved'
      /** The id of the key that the device can pick up. */
      readonly keyId: string
    })
  | (DecidedDevice & { readonly outcome: 'denied' })
  | Refusal
  | {
      /** A choice is not possible, so nothing was approved. */
      readonly outcome: 'invalid_choice'
      readonly choice: 'scopes' | 'lifetime' | 'device_name' | 'replaces' | ApprovalNeed
    }
  | {
      /** The person has `limit` keys already, so nothing was approved. */
      readonly outcome: 'too_many_keys'
      readonly limit: number
      /** The key that was used or approved longest ago. */
      readonly leastRecentlyUsed?: ListedKey | undefined
    }
  | {
      /** Nothing was approved. Retrying is safe. */
      readonly outcome: 'key_not_created'
      /** Why a store failed. Absent if all keys of the person or client were revoked a moment ago. */
      readonly error?: StoreError | undefined
    }
  | {
      /** A store failed while the decision was written. Retrying is safe. */
      readonly outcome: 'outcome_unknown'
      readonly error: StoreError
    }

/** A person approves or denies a device (RFC 8628 section 3.3). The first of several answers counts. */
export type AnswerUserCode = (answer: UserCodeAnswer) => Promise<AnswerReply>

/** The ports of `AnswerUserCode`. */
export interface AnswerUserCodeDependencies extends LookUpUserCodeDependencies {
  readonly apiKeys: ApiKeyStore
  readonly cutOffs: StateStore<CutOff>
  /** @default every person is admitted */
  readonly admission?: Admission | undefined
  /** @default every client has the lifetimes of the policy */
  readonly clients?: ClientRegistry | undefined
  /** @default no scope is required */
  readonly scopes?: ScopeCatalogue | undefined
  /** @default none */
  readonly safeguards?: readonly Safeguard[] | undefined
}

/**
 * Makes the use case that approves or denies. An approval reserves the key first, so that an outage of
 * the key store shows before anything is approved. Then one swap of the grant decides.
 */
export const createAnswerUserCode =
  (dependencies: AnswerUserCodeDependencies): AnswerUserCode =>
  async (answer) => {
    const decide = answer.decision === 'approve' ? approve : deny
    const reply = await decide(dependencies, answer)
    const clientId = 'clientId' in reply ? reply.clientId : undefined
    return orNameless(reply, withClient(reply, clientId, dependencies.clients))
  }

/** The decision is made by now, so a registry that fails only costs the name of the client. */
const orNameless = async (
  reply: AnswerReply,
  named: Promise<AnswerReply>,
): Promise<AnswerReply> => {
  const known = await orStoreError(named)
  return known instanceof StoreError ? reply : known
}

type Found = Extract<FoundUserCode, { readonly outcome: 'found' }>

const approve = async (
  dependencies: AnswerUserCodeDependencies,
  answer: UserCodeAnswer,
): Promise<AnswerReply> => {
  const prepared = await orStoreError(prepareApproval(dependencies, answer))
  if (prepared instanceof StoreError) return { outcome: 'key_not_created', error: prepared }
  if (prepared.outcome !== 'prepared') return prepared
  const { found, terms, met } = prepared
  const decide = { decision: 'approve', terms, met } as const
  return orUnknown(decideAndSettle(dependencies, { answer, found, decide }))
}

const deny = async (
  dependencies: AnswerUserCodeDependencies,
  answer: UserCodeAnswer,
): Promise<AnswerReply> =>
  orUnknown(
    (async () => {
      const prepared = await prepareDenial(dependencies, answer)
      if (prepared.outcome !== 'prepared') return prepared
      const decide = { decision: 'deny' } as const
      return decideAndSettle(dependencies, { answer, found: prepared.found, decide })
    })(),
  )

const orStoreError = async <T>(work: Promise<T>): Promise<T | StoreError> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}

const orUnknown = async (work: Promise<AnswerReply>): Promise<AnswerReply> => {
  const reply = await orStoreError(work)
  return reply instanceof StoreError ? { outcome: 'outcome_unknown', error: reply } : reply
}

type Prepared = { readonly outcome: 'prepared'; readonly found: Found } & Terms

type Terms = Pick<ApprovedGrant, 'terms' | 'met'>

/** Looks the code up, reserves the key, and checks how many keys the person has. */
const prepareApproval = async (
  dependencies: AnswerUserCodeDependencies,
  answer: UserCodeAnswer,
): Promise<Prepared | AnswerReply> => {
  const { grants, apiKeys, policy, clock, events, admission } = dependencies
  const { person, browser } = answer
  if (admission && !(await admission.isAdmitted(person))) {
    const at = clock.now()
    events.emit({ type: 'person_not_admitted', at, person, browser, during: 'approval' })
    return { outcome: 'not_admitted' }
  }
  const found = await lookUpUserCode(dependencies, answer)
  if (found.outcome !== 'found') return found
  const now = clock.now()
  const review = await grants.update(found.grantId, reviewGrant(now))
  if (review.outcome !== 'pending') return refuseUserCode(review, { person, found, format: policy })
  const keyId = keyIdOf(found.grantId)
  const { grant } = review
  const chosen = await termsOf(dependencies, { answer, found, grant, now })
  if (chosen.outcome !== 'ok') return chosen
  const { terms } = chosen
  const guarded = askSafeguards(dependencies, { answer, found, grant, chosen, now })
  if (guarded.outcome !== 'met') return guarded
  const { met } = guarded
  const reservation = await apiKeys.update(keyId, reserveKey({ person, terms, grant, policy }))
  switch (reservation.outcome) {
    case 'already_processed':
      return reservation
    case 'picked_up': {
      const { name, scope, deviceName, replaces, approvedAt } = reservation.key
      const kept = { ...terms, name, scope, deviceName, replaces, approvedAt }
      return { outcome: 'prepared', found, terms: kept, met }
    }
    case 'reserved': {
      if (await isApprovalCutOff(dependencies, { person, grant, now })) {
        await apiKeys.update(keyId, settleReservation({ person, now }))
        return { outcome: 'key_not_created' }
      }
      const about = { ...aboutGrant(found.grantId, grant), person, browser }
      const refusal = await refuseTooManyKeys(dependencies, { about, keyId, now })
      if (refusal) return refusal
      return { outcome: 'prepared', found, terms, met }
    }
  }
}

/** Whether the device would get no key for an approval at `now`, because all keys were just revoked. */
const isApprovalCutOff = async (
  { cutOffs }: AnswerUserCodeDependencies,
  {
    person,
    grant,
    now,
  }: { readonly person: string; readonly grant: PendingGrant; readonly now: number },
): Promise<boolean> => {
  const { clientId } = grant.request
  return (await findCutOff(cutOffs, { owner: person, clientId, approvedAt: now })) !== undefined
}

type ChosenTerms =
  | {
      readonly outcome: 'ok'
      readonly terms: KeyTerms
      readonly client: RegisteredClient | undefined
      readonly catalogue: CatalogueScopes | undefined
    }
  | Extract<AnswerReply, { readonly outcome: 'invalid_choice' | 'client_refused' }>

/** The terms of the key, from the request and what the person chose. */
const termsOf = async (
  dependencies: AnswerUserCodeDependencies,
  {
    answer,
    found,
    grant,
    now,
  }: {
    readonly answer: UserCodeAnswer
    readonly found: Found
    readonly grant: PendingGrant
    readonly now: number
  },
): Promise<ChosenTerms> => {
  const { policy } = dependencies
  const { clientId, deviceName: ownName } = grant.request
  const invalid = (
    choice: Extract<ChosenTerms, { readonly outcome: 'invalid_choice' }>['choice'],
  ) => ({ outcome: 'invalid_choice', choice }) as const
  const allowed = await allowedRequest(dependencies, grant.request)
  if (allowed.outcome !== 'allowed') return allowed
  const { client, catalogue } = allowed
  if (allowed.scope.outcome !== 'ok') return invalid('scopes')
  const scope = grantedScope(allowed.scope.scope, answer.scopes, { catalogue })
  if (scope.outcome !== 'ok') return invalid('scopes')
  const lifetimeMs = chosenLifetime(offeredLifetimes(client, policy), answer.lifetimeMs)
  if (lifetimeMs === undefined) return invalid('lifetime')
  const name = readDeviceName(answer.deviceName ?? ownName)
  if (name.outcome !== 'ok') return invalid('device_name')
  if (!(await mayReplace(dependencies, answer, clientId))) return invalid('replaces')
  return {
    outcome: 'ok',
    client,
    catalogue,
    terms: {
      name: keyNameOf(showUserCode(found.userCode, policy)),
      prefix: policy.keyPrefix,
      scope: scope.scope,
      deviceName: name.name,
      lifetimeMs,
      replaces: answer.replaces,
      approvedAt: now,
    },
  }
}

/** Asks the safeguards about an approval, with the scopes that it grants. Tells what to note of it. */
const askSafeguards = (
  { safeguards = [], policy, events }: AnswerUserCodeDependencies,
  {
    answer,
    found,
    grant,
    chosen: { terms, client, catalogue },
    now,
  }: {
    readonly answer: UserCodeAnswer
    readonly found: Found
    readonly grant: PendingGrant
    readonly chosen: Extract<ChosenTerms, { readonly outcome: 'ok' }>
    readonly now: number
  },
): AnswerReply | { readonly outcome: 'met'; readonly met: readonly string[] } => {
  const { person, browser, signedInAt, elsewhereReason, codeEnding } = answer
  const facts: ApprovalFacts = {
    request: grant.request,
    clientAuthenticated: grant.request.clientAuthenticated === true,
    sender: found.sender,
    client,
    userCode: found.userCode,
    scope: terms.scope,
    catalogue,
    browser,
    signedInAt,
    statement: { elsewhereReason, codeEnding },
    now,
  }
  const outcome = blockedBySafeguards(safeguards, facts)
  if (outcome) {
    const about = { ...aboutGrant(found.grantId, grant), person, browser }
    events.emit({ type: 'approval_blocked', at: now, ...about, reason: outcome })
    const { clientId } = grant.request
    return { outcome, userCode: showUserCode(found.userCode, policy), clientId }
  }
  const unmet = neededBySafeguards(safeguards, facts).find(({ isMet }) => !isMet)
  if (unmet) return { outcome: 'invalid_choice', choice: unmet.need }
  const met = notedBySafeguards(safeguards, facts)
  // A scope may have become sensitive since the request. The person may untick it.
  if (refusedAtPickUp(safeguards, { ...facts, met })) {
    return { outcome: 'invalid_choice', choice: 'scopes' }
  }
  return { outcome: 'met', met }
}

/** A key that has ended meanwhile needs no replacing, but does no harm. */
const mayReplace = async (
  { apiKeys }: AnswerUserCodeDependencies,
  { person, replaces }: UserCodeAnswer,
  clientId: string | undefined,
): Promise<boolean> => {
  if (replaces === undefined) return true
  const key = await apiKeys.read(replaces)
  if (key?.status === 'revoked') return key.owner === person && key.request.clientId === clientId
  return key !== undefined && isReplaceable(key, { person, clientId })
}

/**
 * Counts after reserving, so that parallel approvals see each other's reservations. Takes the
 * reservation back if the person has too many keys.
 */
const refuseTooManyKeys = async (
  { apiKeys, policy, events, clients }: AnswerUserCodeDependencies,
  {
    about,
    keyId,
    now,
  }: {
    readonly about: Omit<EventOf<'too_many_keys'>, 'type' | 'at' | 'limit'>
    readonly keyId: string
    readonly now: number
  },
): Promise<AnswerReply | undefined> => {
  const { person } = about
  const { keysPerPerson: limit } = policy
  if (limit === 0) return undefined
  let count = 0
  let oldest: ListedKey | undefined
  for await (const stored of liveKeysOf(apiKeys, { owner: person, now, policy })) {
    if (stored.id === keyId) continue
    count += 1
    const listed = listKey(stored, { now, policy })
    if (listed && (!oldest || lastTouched(listed) < lastTouched(oldest))) oldest = listed
  }
  if (count < limit) return undefined
  await apiKeys.update(keyId, settleReservation({ person, now }))
  events.emit({ type: 'too_many_keys', at: now, ...about, limit })
  const leastRecentlyUsed = oldest && (await withClient(oldest, oldest.request.clientId, clients))
  return { outcome: 'too_many_keys', limit, leastRecentlyUsed }
}

/** Looks the code up, and revokes the person's own key if the grant's approval was forgotten. */
const prepareDenial = async (
  dependencies: AnswerUserCodeDependencies,
  answer: UserCodeAnswer,
): Promise<{ readonly outcome: 'prepared'; readonly found: Found } | AnswerReply> => {
  const { grants, apiKeys, clock } = dependencies
  const { person } = answer
  const found = await lookUpUserCode(dependencies, answer)
  if (found.outcome !== 'found') return found
  const keyId = keyIdOf(found.grantId)
  // Read before the grant, because an approval and a pick-up between the two reads are not forgotten.
  const key = await apiKeys.read(keyId)
  const now = clock.now()
  const review = await grants.update(found.grantId, reviewGrant(now))
  if (review.outcome !== 'pending') return refuseAnswer(dependencies, { answer, found, review })
  if (key !== undefined && key.status !== 'reserved') {
    const revoke = (end: EndKey) => revokeKey({ owner: person, ...end })
    const how = { by: 'owner', browser: answer.browser } as const
    const { reply } = await applyRevocation(dependencies, { keyId, now, revoke, ...how })
    if (reply === 'no_such_key') return { outcome: 'already_processed' }
  }
  return { outcome: 'prepared', found }
}

const decideAndSettle = async (
  dependencies: AnswerUserCodeDependencies,
  {
    answer,
    found,
    decide,
  }: {
    readonly answer: UserCodeAnswer
    readonly found: Found
    readonly decide: ({ readonly decision: 'approve' } & Terms) | { readonly decision: 'deny' }
  },
): Promise<AnswerReply> => {
  const { grants, policy, clock, events } = dependencies
  const { person, browser } = answer
  const { grantId } = found
  // The clock is read again, because the code may have expired while the key was reserved.
  const now = clock.now()
  const decided = await grants.update(grantId, decideGrant({ ...decide, person, now }))
  await settle(dependencies, { person, grantId, decided })
  if (decided.outcome !== 'won') {
    return refuseAnswer(dependencies, { answer, found, review: decided })
  }
  const { grant } = decided
  const about = { at: now, ...aboutGrant(grantId, grant), person, browser }
  const reply = {
    userCode: showUserCode(found.userCode, policy),
    clientId: grant.request.clientId,
    deviceName: about.deviceName,
  }
  if (grant.status === 'approved') {
    const keyId = keyIdOf(grantId)
    const { scope } = grant.terms
    const reason = isElsewhereReason(answer.elsewhereReason) ? answer.elsewhereReason : undefined
    const approval = { ...about, keyId, scope, elsewhereReason: reason }
    events.emit({ type: 'authorization_approved', ...approval })
    return { outcome: 'approved', keyId, ...reply }
  }
  events.emit({ type: 'authorization_denied', ...about })
  await report(dependencies, { answer, grantId, grant })
  return { outcome: 'denied', ...reply }
}

/** Emits a report before it is recorded, so that an attempt after a lost answer reports again. */
const report = async (
  { grants, clock, events }: AnswerUserCodeDependencies,
  {
    answer: { person, browser, decision, isReported = false },
    grantId,
    grant,
  }: {
    readonly answer: UserCodeAnswer
    readonly grantId: string
    readonly grant: ApprovedGrant | DeniedGrant
  },
): Promise<void> => {
  if (!isReported || decision !== 'deny' || !isNewReport(grant, person)) return
  const about = { ...aboutGrant(grantId, grant), person, browser }
  events.emit({ type: 'request_reported', at: clock.now(), ...about })
  await orStoreError(grants.update(grantId, reportGrant(person)))
}

/** Says why there is nothing to decide. A report of the person who decided still counts. */
const refuseAnswer = async (
  dependencies: AnswerUserCodeDependencies,
  {
    answer,
    found,
    review,
  }: {
    readonly answer: UserCodeAnswer
    readonly found: Found
    readonly review: Exclude<GrantReview, { readonly outcome: 'pending' }>
  },
): Promise<Refusal> => {
  const { grantId } = found
  if (review.outcome === 'decided') {
    await report(dependencies, { answer, grantId, grant: review.grant })
  }
  return refuseUserCode(review, { person: answer.person, found, format: dependencies.policy })
}

/**
 * Brings this person's reservation in line with the decision. If it fails, the reservation stays listed
 * as waiting until it expires, and opens nothing.
 */
const settle = async (
  { apiKeys, clock }: AnswerUserCodeDependencies,
  {
    person,
    grantId,
    decided,
  }: { readonly person: string; readonly grantId: string; readonly decided: GrantDecision },
): Promise<void> => {
  const grant = decided.outcome === 'expired' ? undefined : decided.grant
  const approved = grant?.status === 'approved' ? grant : undefined
  if (decided.outcome === 'won' && approved) return
  const settled = settleReservation({ person, approved, now: clock.now() })
  await orStoreError(apiKeys.update(keyIdOf(grantId), settled))
}
