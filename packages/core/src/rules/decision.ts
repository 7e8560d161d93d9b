import type { RegisteredClient } from './registered-client.ts'
import type { ApprovalBlock } from './safeguard.ts'

/** What a person decides about a device (RFC 8628 section 3.3). */
export type Decision = 'approve' | 'deny'

/** Why a user code leaves nothing to decide. */
export type Refusal =
  | {
      /** The text cannot be a user code, so nothing was looked up and no attempt was counted. */
      readonly outcome: 'malformed'
      /** How many characters a user code has. */
      readonly codeLength: number
      /** How many characters were typed, separators aside. */
      readonly typedLength: number
      /** The characters that user codes have. */
      readonly charset: string
    }
  | {
      /** There is no such code. */
      readonly outcome: 'invalid'
      readonly attemptsLeft: number
      /** Present when no attempt is left: the next one is possible after so many milliseconds. */
      readonly retryAfterMs?: number | undefined
    }
  | {
      readonly outcome: 'too_many_attempts'
      /** The next attempt is possible after so many milliseconds. */
      readonly retryAfterMs: number
    }
  | {
      /** Earlier codes are being looked up, so this one was not. */
      readonly outcome: 'attempts_in_progress'
      /** The next attempt is possible after so many milliseconds. */
      readonly retryAfterMs: number
    }
  | {
      /** Another person has the code open. No attempt was counted. */
      readonly outcome: 'contested'
      /** The other person's hold ends after so many milliseconds at the latest. */
      readonly retryAfterMs: number
    }
  /** The operator does not admit the person, so nothing was looked up. */
  | { readonly outcome: 'not_admitted' }
  | {
      /** The operator does not allow the client any more, so it cannot be approved. */
      readonly outcome: 'client_refused'
      /**
       * `invalid_client`: the registry does not know the client. `unauthorized_client`: it may not use
       * the device authorization grant.
       */
      readonly reason: 'invalid_client' | 'unauthorized_client'
    }
  | ({ readonly outcome: 'expired' } & RefusedDevice)
  /** A safeguard lets this person approve nothing as things are. They may still deny. */
  | ({ readonly outcome: ApprovalBlock } & RefusedDevice)
  | ({
      readonly outcome: 'already_processed'
      /** Present when this person decided. */
      readonly yours?: Decision | undefined
      /** Present when this person approved: what the key is. */
      readonly granted?: GrantedKey | undefined
    } & RefusedDevice)

/** The device behind a refused code. Absent members are not for this person to see. */
export interface RefusedDevice {
  /** The user code as the device shows it. */
  readonly userCode?: string | undefined
  readonly clientId?: string | undefined
  /** What the registry knows of the client. */
  readonly client?: RegisteredClient | undefined
}

/** What a person granted when they approved a device. */
export interface GrantedKey {
  readonly keyId: string
  /** Epoch milliseconds. */
  readonly approvedAt: number
  /** The scopes that the person granted, separated by spaces. */
  readonly scope?: string | undefined
  /** The name of the device, as the person left it. */
  readonly deviceName?: string | undefined
  /** How long the key works from pick-up, in milliseconds. */
  readonly lifetimeMs: number
  /** The id of the key that this one replaces. */
  readonly replaces?: string | undefined
}
