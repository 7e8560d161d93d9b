import type { AdmitPerson } from '../ports.ts'
import { StoreUnavailableError } from '../store-errors.ts'

/** How long `AdmitPerson` may take, in milliseconds. */
const ANSWER_WITHIN_MS = 2_000
/** For how long an earlier yes helps when `AdmitPerson` fails, in milliseconds. */
const YES_LASTS_MS = 60_000
const MAX_ENTRIES = 10_000

/** What `Admission` is made from. */
export interface AdmissionOptions {
  /** @default every person is admitted */
  readonly admitPerson?: AdmitPerson | undefined
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /**
   * Calls `late` after so many milliseconds, unless the returned function is called before.
   * @default setTimeout
   */
  readonly startTimer?: ((late: () => void, ms: number) => () => void) | undefined
}

const startSystemTimer = (late: () => void, ms: number): (() => void) => {
  // biome-ignore lint/style/noRestrictedGlobals: the default of an injected function
  const timer = setTimeout(late, ms)
  return () => clearTimeout(timer)
}

/** Asks whether people are admitted, and remembers each yes for a minute. A no is never remembered. */
export class Admission {
  readonly #admitPerson: AdmitPerson | undefined
  readonly #now: () => number
  readonly #startTimer: NonNullable<AdmissionOptions['startTimer']>
  readonly #admittedAt = new Map<string, number>()

  constructor({ admitPerson, now, startTimer = startSystemTimer }: AdmissionOptions) {
    this.#admitPerson = admitPerson
    this.#now = now
    this.#startTimer = startTimer
  }

  /**
   * Whether a person is admitted now.
   * @throws {StoreUnavailableError} if that is unknown
   */
  async isAdmitted(person: string): Promise<boolean> {
    if (!this.#admitPerson) return true
    const askedAt = this.#now()
    const isAdmitted = await this.#ask(this.#admitPerson, person)
    this.#admittedAt.delete(person)
    if (isAdmitted) this.#remember(person, askedAt)
    return isAdmitted
  }

  /**
   * The same, but a yes of the last minute counts while `AdmitPerson` fails.
   * @throws {StoreUnavailableError} if that is unknown
   */
  async isStillAdmitted(person: string): Promise<boolean> {
    try {
      return await this.isAdmitted(person)
    } catch (error) {
      const admittedAt = this.#admittedAt.get(person)
      if (admittedAt !== undefined && this.#now() - admittedAt < YES_LASTS_MS) return true
      throw error
    }
  }

  async #ask(admitPerson: AdmitPerson, person: string): Promise<boolean> {
    let stopTimer = (): void => {}
    const late = new Promise<never>((_, reject) => {
      stopTimer = this.#startTimer(
        () => reject(new Error(`admitPerson took longer than ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      )
    })
    try {
      const answer: unknown = await Promise.race([admitPerson(person), late])
      if (typeof answer !== 'boolean') throw new TypeError('admitPerson must return a boolean')
      return answer
    } catch (cause) {
      throw new StoreUnavailableError('It is unknown whether the person is admitted', { cause })
    } finally {
      stopTimer()
    }
  }

  #remember(person: string, at: number): void {
    const [oldest] = this.#admittedAt.keys()
    if (oldest !== undefined && this.#admittedAt.size >= MAX_ENTRIES) {
      this.#admittedAt.delete(oldest)
    }
    this.#admittedAt.set(person, at)
  }
}
