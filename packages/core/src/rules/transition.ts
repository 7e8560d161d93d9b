/** The result of a rule: the state to keep, and the reply to the caller. */
export interface Step<S, R> {
  /** The same reference as the current state writes nothing. `undefined` removes the state. */
  readonly next: S | undefined
  readonly reply: R
  /**
   * True if `next` may be lost, such as the pace of polls. A store may then keep it in this process
   * alone until the next write. `next` must have the `keepUntil` of the current state.
   * @default false
   */
  readonly isEphemeral?: boolean | undefined
}

/** A rule that a store applies to the current state. It must be pure because it may run several times. */
export type Transition<S, R> = (current: S | undefined) => Step<S, R>

/** A state with the time from which a store may forget it. */
export interface Retained {
  /** Epoch milliseconds. A store never forgets the state earlier. */
  readonly keepUntil: number
}
