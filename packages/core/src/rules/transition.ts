/** The verdict of a rule: the state to keep, and what to tell the caller. */
export interface Step<S, R> {
  /** The same reference as the current state: write nothing. `undefined`: remove the state. */
  readonly next: S | undefined
  readonly reply: R
}

/** A rule, ready to be applied to whatever state is there. It must be pure: it may run several times. */
export type Transition<S, R> = (current: S | undefined) => Step<S, R>

/** A state that a store may forget, but never before `keepUntil` (epoch milliseconds). */
export interface Keepable {
  readonly keepUntil: number
}
