import { setTimeout as pause } from 'node:timers/promises'

/** Times of a proof, in milliseconds from its start. */
export class Timeline {
  /** Epoch milliseconds. */
  readonly startedAt: number = Date.now()

  /** Milliseconds since the start. */
  get elapsed(): number {
    return Date.now() - this.startedAt
  }

  /** Waits until this time, which may be over. */
  at(ms: number): Promise<void> {
    return pause(Math.max(0, ms - this.elapsed))
  }
}

/** A random time between two times. */
export const between = (from: number, to: number): number => from + Math.random() * (to - from)
