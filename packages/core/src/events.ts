import type {
  DeviceAuthorizationRequest,
  DeviceInfo,
} from './rules/device-authorization-request.ts'
import type { KeyEnder } from './rules/key-ending.ts'
import type { ElsewhereReason } from './rules/proximity.ts'
import type { ClientRefusal } from './rules/registered-client.ts'
import type { ApprovalBlock, PickUpRefusal, RequestRefusal } from './rules/safeguard.ts'

/**
 * What happened, for logs, counters, mails and audits. Each event has everything that it is about, so
 * that a listener needs no other event. Events carry ids, never device codes, user codes or API keys.
 * The id of a grant is the SHA-256 of its device code, and redeems nothing.
 */
export type DeviceGrantEvent =
  | AuthorizationRequested
  | ClientRefused
  | TooManyCodes
  | AuthorizationApproved
  | AuthorizationDenied
  | RequestReported
  | WrongUserCode
  | TooManyWrongUserCodes
  | UserCodeContested
  | ContestedCodeEnded
  | ApprovalBlocked
  | TooManyKeys
  | PersonNotAdmitted
  | SignInFailed
  | PollTooEarly
  | ExpiredOnPoll
  | WrongClient
  | PickUpRefused
  | KeyClaimed
  | KeyUsedFirst
  | KeyRefused
  | DeviceRenamed
  | KeyRevoked
  | KeyErased

/** The event of a type, for example `EventOf<'key_claimed'>`. */
export type EventOf<T extends DeviceGrantEvent['type']> = Extract<
  DeviceGrantEvent,
  { readonly type: T }
>

interface Happened<T extends string> {
  readonly type: T
  /** Epoch milliseconds. */
  readonly at: number
}

/** The device behind a grant or a key. */
interface OfDevice {
  /** The client that asked for the key. Absent when it named none. */
  readonly clientId?: string | undefined
  /** The name of the device: its own, or the one that the person gave it. */
  readonly deviceName?: string | undefined
  /** Where the request for the device code came from. */
  readonly device: DeviceInfo
}

interface OfGrant extends OfDevice {
  readonly grantId: string
}

interface OfKey extends OfDevice {
  readonly keyId: string
  /** The person who approved the key. */
  readonly owner: string
}

interface OfPerson {
  readonly person: string
  /** The person's browser. It is no evidence about the device (RFC 8628 section 5.3). */
  readonly browser?: DeviceInfo | undefined
}

/** A client was issued a device code (RFC 8628 section 3.2). */
interface AuthorizationRequested
  extends Happened<'authorization_requested'>,
    DeviceAuthorizationRequest {
  readonly grantId: string
}

/**
 * A client was refused. It got no device code, because the registry does not know it or does not let it
 * ask from there, or it did not authenticate as it is registered.
 */
interface ClientRefused extends Happened<'client_refused'> {
  readonly clientId?: string | undefined
  readonly reason:
    | ClientRefusal
    | Extract<RequestRefusal, 'unknown_person'>
    | 'unknown_client'
    | 'wrong_method'
    | 'wrong_secret'
    | 'wrong_assertion'
  /** Absent for a client that did not authenticate. */
  readonly device?: DeviceInfo | undefined
}

/** A new code was refused, because an address, or all of them, asked for too many. */
interface TooManyCodes extends Happened<'too_many_codes'> {
  readonly limit: 'address_limit' | 'total_limit'
  readonly address?: string | undefined
}

/** A person approved a device. It has not picked its key up yet. */
interface AuthorizationApproved extends Happened<'authorization_approved'>, OfGrant, OfPerson {
  /** The key that the device can pick up. */
  readonly keyId: string
  /** The scopes that the person granted, separated by spaces. */
  readonly scope?: string | undefined
  /** Why the device is in another network, as the person said. */
  readonly elsewhereReason?: ElsewhereReason | undefined
}

/** A person denied a device. */
interface AuthorizationDenied extends Happened<'authorization_denied'>, OfGrant, OfPerson {}

/**
 * A person said that they did not start a login that they denied or approved. Someone else may have tried
 * to make them approve it (RFC 8628 section 5.4).
 */
interface RequestReported extends Happened<'request_reported'>, OfGrant, OfPerson {}

/** A person entered a user code that does not exist. */
interface WrongUserCode extends Happened<'wrong_user_code'>, OfPerson {
  /** How many more attempts this person has now. */
  readonly attemptsLeft: number
}

/** A user code was not looked up, because the person has no attempt left. */
interface TooManyWrongUserCodes extends Happened<'too_many_wrong_user_codes'>, OfPerson {}

/** A person entered a code that another person has open. */
interface UserCodeContested extends Happened<'user_code_contested'>, OfPerson {
  readonly grantId: string
}

/** So many people entered a code that it has ended. The person is the last of them. */
interface ContestedCodeEnded extends Happened<'contested_code_ended'>, OfPerson {
  readonly grantId: string
  readonly people: number
}

/** A safeguard lets a person approve nothing as things are (RFC 10027 section 6.1). */
interface ApprovalBlocked extends Happened<'approval_blocked'>, OfGrant, OfPerson {
  readonly reason: ApprovalBlock
}

/** An approval was refused, because the person has `limit` keys. */
interface TooManyKeys extends Happened<'too_many_keys'>, OfGrant, OfPerson {
  readonly limit: number
}

/** A person who may not have API keys signed in, opened a code, approved a device, had it picked up, or used a key. */
type PersonNotAdmitted = Happened<'person_not_admitted'> &
  OfPerson &
  (
    | { readonly during: 'sign_in'; readonly reason: string }
    | { readonly during: 'review' | 'approval' }
    | ({ readonly during: 'pick_up' } & OfGrant)
    | ({ readonly during: 'key_check'; readonly keyId: string } & OfDevice)
  )

/** A person is not signed in, although they tried or their request names them. */
interface SignInFailed extends Happened<'sign_in_failed'> {
  /**
   * `forged_header`: the header of the proxy came from elsewhere, or twice. `invalid_header`: it is no
   * person's id. `no_sign_in_started`: the answer of the provider belongs to no sign-in of this browser,
   * or comes too late. `provider_refused`: the provider, or the check of its answer, refused.
   * `provider_unavailable`: the provider could not be asked.
   */
  readonly reason:
    | 'forged_header'
    | 'invalid_header'
    | 'no_sign_in_started'
    | 'provider_refused'
    | 'provider_unavailable'
  /** The address of the browser. For a header, the address of the connection. */
  readonly address?: string | undefined
}

/** A poll came too early and was answered `slow_down` (RFC 8628 section 3.5). */
interface PollTooEarly extends Happened<'poll_too_early'> {
  readonly grantId: string
  readonly clientId?: string | undefined
  /** The new interval, in milliseconds. */
  readonly intervalMs: number
}

/** A device polled with a code that has expired. */
interface ExpiredOnPoll extends Happened<'expired_on_poll'>, OfGrant {}

/** A client polled with the device code of another one (RFC 8628 section 3.4). */
interface WrongClient extends Happened<'wrong_client'>, OfGrant {
  /** The client that polled. Absent when it named none. */
  readonly callerClientId?: string | undefined
}

/** A device got no key, because a safeguard refuses it by now (RFC 10027 section 6.1). */
interface PickUpRefused extends Happened<'pick_up_refused'>, OfGrant {
  /** The person who approved the device. */
  readonly person: string
  readonly reason: PickUpRefusal
}

/** A device picked its key up. */
interface KeyClaimed extends Happened<'key_claimed'>, OfGrant, OfKey {
  /** True if the same key was issued again because its first answer may be lost. */
  readonly reissued: boolean
  /** The scopes that the key has, separated by spaces. */
  readonly scope?: string | undefined
  /** When the key expires, epoch milliseconds. */
  readonly expiresAt: number
}

/** A key was used for the first time, so that it has arrived at its device. */
interface KeyUsedFirst extends Happened<'key_used_first'>, OfKey {}

/** A request presented a key that does not work, or may not be revoked by its caller. */
interface KeyRefused extends Happened<'key_refused'> {
  /** `other_client`: the key belongs to another client than the one that revokes it (RFC 7009). */
  readonly reason: 'malformed' | 'no_such_key' | 'expired' | 'revoked' | 'other_client'
  readonly during: 'key_check' | 'revocation'
  /** The id that the key names. Alone it proves nothing. Absent for a malformed key. */
  readonly keyId?: string | undefined
  /** The client that revokes it. Absent when it named none. */
  readonly callerClientId?: string | undefined
  /** Absent if the secret is wrong, as are the members below. */
  readonly owner?: string | undefined
  readonly clientId?: string | undefined
  readonly deviceName?: string | undefined
  readonly device?: DeviceInfo | undefined
}

/** A person gave the device of a key another name. */
interface DeviceRenamed extends Happened<'device_renamed'>, OfKey {}

/** A key works no more, or a key that waited for pick-up is not issued any more. */
interface KeyRevoked extends Happened<'key_revoked'>, OfKey {
  readonly by: KeyEnder
  /** For `owner`: the browser of the person. */
  readonly browser?: DeviceInfo | undefined
  /** For `bearer`: the client that presented the key. Absent when it named none. */
  readonly callerClientId?: string | undefined
  /** For `replacement`: the id of the other key. */
  readonly replacedBy?: string | undefined
  /** For `operator`: a name, if it is known. */
  readonly operator?: string | undefined
  /** For a leaked key: where it was found, such as a URL of the service that found it. */
  readonly place?: string | undefined
}

/** An operator removed the data of a key, which works no more. */
interface KeyErased extends Happened<'key_erased'> {
  readonly keyId: string
  /** The name of the operator, if it is known. */
  readonly operator?: string | undefined
}
