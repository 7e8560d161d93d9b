import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Resolves after so many milliseconds, or earlier if the signal is aborted. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>

/** How long an answer is held, in milliseconds. */
const HOLD_MS = 1_000
/** More would keep too many connections open. */
const MAX_HELD = 100

/**
 * Holds answers to wrong secrets, so that guessing is slow (RFC 6749 section 2.3.1). Beyond 100 at once
 * it holds none. That helps no attacker, because only the answer to a right secret comes at once anyway.
 */
export class HeldAnswers {
  readonly #pause: Pause
  /** The connections whose answer is held. */
  readonly #held = new Set<Socket>()

  constructor(pause: Pause) {
    this.#pause = pause
  }

  /** Waits for a second, or until the client disconnects. */
  async hold({ socket }: IncomingMessage): Promise<void> {
    // The answer to a further request of the same connection waits behind the held one anyway.
    if (this.#held.size >= MAX_HELD || this.#held.has(socket) || socket.destroyed) return
    const disconnected = new AbortController()
    const release = (): void => disconnected.abort()
    socket.once('close', release)
    this.#held.add(socket)
    try {
      await this.#pause(HOLD_MS, disconnected.signal)
    } finally {
      this.#held.delete(socket)
      socket.off('close', release)
    }
  }
}
