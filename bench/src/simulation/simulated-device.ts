import { StoreError, type UseCases } from '@device-grant/core'
import type { SimulatedTime } from './simulated-time.ts'

/** Counts what devices do. */
interface Counts {
  authorize(): void
  poll(): void
  finished(outcome: 'key' | 'gave_up', tookMs: number): void
  startedAgain(): void
}

/**
 * How a client keeps its pace: it waits after each answer, it polls at fixed times, or it ignores
 * `slow_down`. The shares are guesses.
 */
const PACES = [
  { share: 0.7, pace: 'waits' },
  { share: 0.2, pace: 'ticks' },
  { share: 0.1, pace: 'ignores' },
] as const

type Pace = (typeof PACES)[number]['pace']

export interface Surroundings {
  readonly time: SimulatedTime
  readonly useCases: Pick<UseCases, 'authorizeDevice' | 'pollForToken' | 'answerUserCode'>
  readonly counts: Counts
  /** A random number from 0 to 1. */
  readonly random: () => number
  /** Whether the servers accept connections. */
  readonly isReachable: () => boolean
}

const SECOND = 1_000
/** The delay of the client and its network, in milliseconds. */
const MIN_DELAY = 20
const MAX_DELAY = 300
/** How long a person takes to sign in and approve, as the median of a log-normal distribution. */
const MEDIAN_DECISION_MS = 40 * SECOND
const SPREAD_OF_DECISIONS = 0.7
const NEVER_DECIDES = 0.08
/** The range of the pause before a person retries a login that failed, in milliseconds. */
const MIN_NEW_START = 5 * SECOND
const MAX_NEW_START = 60 * SECOND

/** One person with one device, from the start of the login to its end. */
export class SimulatedDevice {
  readonly #person: string
  readonly #pace: Pace
  readonly #around: Surroundings
  #startedAt = 0
  #intervalMs = 0
  #lastTick = 0

  constructor(person: string, around: Surroundings) {
    this.#person = person
    this.#around = around
    this.#pace = paceAt(around.random())
  }

  async start(): Promise<void> {
    this.#startedAt = this.#around.time.now()
    await this.#authorize()
  }

  async #authorize(): Promise<void> {
    const { useCases, counts, time, isReachable } = this.#around
    if (!isReachable()) return this.#startAgain()
    try {
      const reply = await useCases.authorizeDevice({ device: {} })
      if (reply.outcome !== 'issued') throw new Error(reply.outcome)
      counts.authorize()
      this.#intervalMs = reply.interval * SECOND
      this.#lastTick = time.now()
      this.#pollLater(reply.deviceCode)
      this.#decideLater(reply.userCode)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      counts.authorize()
      this.#startAgain()
    }
  }

  #pollLater(deviceCode: string): void {
    const { time } = this.#around
    const delay = this.#between(MIN_DELAY, MAX_DELAY)
    if (this.#pace === 'ticks') {
      this.#lastTick = Math.max(this.#lastTick + this.#intervalMs, time.now())
      time.after(this.#lastTick - time.now() + delay, () => this.#poll(deviceCode))
    } else time.after(this.#intervalMs + delay, () => this.#poll(deviceCode))
  }

  async #poll(deviceCode: string): Promise<void> {
    const { useCases, counts, isReachable, time } = this.#around
    counts.poll()
    if (!isReachable()) {
      // RFC 8628 section 3.5 suggests to double the interval after a broken connection.
      if (this.#pace === 'waits') this.#intervalMs = Math.min(2 * this.#intervalMs, 60 * SECOND)
      return this.#pollLater(deviceCode)
    }
    const reply = await useCases.pollForToken({ deviceCode })
    switch (reply.outcome) {
      case 'slow_down':
        if (this.#pace !== 'ignores') {
          this.#intervalMs = Math.max(this.#intervalMs + 5 * SECOND, (reply.interval ?? 0) * SECOND)
        }
        return this.#pollLater(deviceCode)
      case 'authorization_pending':
        return this.#pollLater(deviceCode)
      case 'granted':
        return counts.finished('key', time.now() - this.#startedAt)
      case 'expired_token':
        return counts.finished('gave_up', time.now() - this.#startedAt)
      default:
        return this.#startAgain()
    }
  }

  #decideLater(userCode: string): void {
    const { random, time } = this.#around
    if (random() < NEVER_DECIDES) return
    const ms = MEDIAN_DECISION_MS * Math.exp(SPREAD_OF_DECISIONS * normal(random))
    time.after(ms, () => this.#decide(userCode))
  }

  async #decide(userCode: string): Promise<void> {
    const { useCases, time, isReachable } = this.#around
    const again = () =>
      time.after(this.#between(5 * SECOND, 20 * SECOND), () => this.#decide(userCode))
    if (!isReachable()) return again()
    try {
      const reply = await useCases.answerUserCode({
        userCode,
        person: this.#person,
        decision: 'approve',
      })
      if (reply.outcome === 'key_not_created' || reply.outcome === 'outcome_unknown') again()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      again()
    }
  }

  #startAgain(): void {
    const { counts, time } = this.#around
    counts.startedAgain()
    time.after(this.#between(MIN_NEW_START, MAX_NEW_START), () => this.#authorize())
  }

  #between(least: number, most: number): number {
    return least + this.#around.random() * (most - least)
  }
}

/** The pace at a place from 0 to 1 among all devices. */
const paceAt = (place: number): Pace => {
  let rest = place
  for (const { share, pace } of PACES) {
    rest -= share
    if (rest < 0) return pace
  }
  return 'waits'
}

/** A normal random number with mean 0 and deviation 1 (Box and Muller). */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
