import type {
  DeviceAuthorizationRequest,
  DeviceInfo,
} from './rules/device-authorization-request.ts'
import type { ClientRefusal } from './rules/registered-client.ts'

/**
 * What happened, for logs, counters and audits. Events carry ids, never device codes, user codes or
 * API keys. `at` is in epoch milliseconds.
 */
export type DeviceGrantEvent =
  | {
      readonly type: 'authorization_requested'
      readonly at: number
      readonly grantId: string
      readonly request: DeviceAuthorizationRequest
    }
  | {
      readonly type: 'authorization_approved' | 'authorization_denied'
      readonly at: number
      readonly grantId: string
      readonly person: string
      /** The name that the person left to the device. */
      readonly deviceName?: string | undefined
      /** The person's browser. It is no evidence about the device (RFC 8628 section 5.3). */
      readonly browser?: DeviceInfo | undefined
    }
  | {
      /** A client of the registry, or an unknown one, may not ask for a code from there. */
      readonly type: 'client_refused'
      readonly at: number
      readonly clientId?: string | undefined
      readonly reason: ClientRefusal
      readonly device: DeviceInfo
    }
  | {
      /** A person who may not have API keys approved a device, had it picked up, or used a key. */
      readonly type: 'person_not_admitted'
      readonly at: number
      readonly person: string
      readonly during: 'approval' | 'pick_up' | 'key_check'
    }
  | {
      readonly type: 'device_renamed'
      readonly at: number
      readonly keyId: string
      readonly owner: string
      readonly deviceName?: string | undefined
    }
  | { readonly type: 'expired_on_poll'; readonly at: number; readonly grantId: string }
  | {
      readonly type: 'poll_too_early'
      readonly at: number
      readonly grantId: string
      /** The new interval, in milliseconds. */
      readonly intervalMs: number
    }
  | {
      readonly type: 'key_claimed'
      readonly at: number
      readonly grantId: string
      readonly keyId: string
      /** True if the same key was issued again because its first answer may be lost. */
      readonly reissued: boolean
    }
  | {
      readonly type: 'key_used_first' | 'key_revoked'
      readonly at: number
      readonly keyId: string
      readonly owner: string
      /** The name of the device. */
      readonly deviceName?: string | undefined
      /** The id of the key whose first use ended this one. */
      readonly replacedBy?: string | undefined
      /**
       * Who revoked it: its owner, an operator, a caller that presented it, and then `clientId` is that
       * caller's, or a service that found it in a public place. Absent for a first use.
       */
      readonly by?: 'owner' | 'operator' | 'bearer' | 'secret_scanning' | undefined
      readonly clientId?: string | undefined
      /** The name of the operator, if it is known. */
      readonly operator?: string | undefined
      /** Where the key was found, as a URL of the service that found it. */
      readonly place?: string | undefined
    }
  | {
      readonly type: 'key_erased'
      readonly at: number
      readonly keyId: string
      /** The name of the operator, if it is known. */
      readonly operator?: string | undefined
    }
  | {
      readonly type: 'wrong_user_code'
      readonly at: number
      readonly person: string
      /** How many more attempts this person has now. */
      readonly attemptsLeft: number
    }
  | { readonly type: 'too_many_wrong_user_codes'; readonly at: number; readonly person: string }
  | {
      /** An approval was refused, because the person has `limit` keys. */
      readonly type: 'too_many_keys'
      readonly at: number
      readonly person: string
      readonly limit: number
    }
  | {
      /** A person entered a code that another person has open. */
      readonly type: 'user_code_contested'
      readonly at: number
      readonly grantId: string
      readonly person: string
    }
