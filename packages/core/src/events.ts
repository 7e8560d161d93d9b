import type { Origin } from './rules/origin.ts'

/**
 * What happened, for logs, counters and audits. Ids only: no device code, user code or API key.
 * `at` is in epoch milliseconds.
 */
export type DeviceGrantEvent =
  | {
      readonly type: 'authorization_requested'
      readonly at: number
      readonly grantId: string
      readonly clientId?: string
      readonly scope?: string
      readonly origin: Origin
    }
  | {
      readonly type: 'authorization_approved' | 'authorization_denied'
      readonly at: number
      readonly grantId: string
      readonly person: string
      /** Where the decision came from; never evidence about the device (RFC 8628 section 5.3). */
      readonly origin?: Origin
    }
  | { readonly type: 'expired_on_poll'; readonly at: number; readonly grantId: string }
  | {
      readonly type: 'poll_too_early'
      readonly at: number
      readonly grantId: string
      /** The interval that holds from now on, in milliseconds. */
      readonly intervalMs: number
    }
  | {
      readonly type: 'key_claimed'
      readonly at: number
      readonly grantId: string
      readonly keyId: string
      /** True when the same key was told once more because its first answer may be lost. */
      readonly again: boolean
    }
  | {
      readonly type: 'key_used_first' | 'key_revoked'
      readonly at: number
      readonly keyId: string
      readonly owner: string
    }
  | {
      readonly type: 'wrong_user_code'
      readonly at: number
      readonly person: string
      /** How many more wrong codes this person may try now. */
      readonly triesLeft: number
    }
  | { readonly type: 'too_many_wrong_user_codes'; readonly at: number; readonly person: string }
  | {
      /** Somebody came for a code that another person has open. */
      readonly type: 'user_code_contested'
      readonly at: number
      readonly grantId: string
      readonly person: string
    }
