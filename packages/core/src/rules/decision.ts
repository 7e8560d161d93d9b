/** What a person decides about a device (RFC 8628 section 3.3). */
export type Decision = 'approve' | 'deny'

/** Why a user code leaves nothing to decide. */
export type Refusal =
  | {
      /** No such code, or another person has it open. Both look the same. */
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
  | ({ readonly outcome: 'expired' } & RefusedDevice)
  | ({
      readonly outcome: 'already_processed'
      /** Present when this person decided. */
      readonly yours?: Decision | undefined
    } & RefusedDevice)

/** The device behind a refused code. Absent members are not for this person to see. */
export interface RefusedDevice {
  /** The user code as the device shows it. */
  readonly userCode?: string | undefined
  readonly clientId?: string | undefined
}
