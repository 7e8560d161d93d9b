import type { AdmitPerson } from '../ports.ts'
import { StoreUnavailableError } from '../store-errors.ts'
import { startTimer as startSystemTimer } from '../system-time.ts'

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

/** An answer of `isStillAdmitted`. `earlier_yes`: it is unknown now, but the last minute had a yes. */
export type StillAdmitted = 'yes' | 'no' | 'earlier_yes'

/** A question that is not answered yet. A later no makes its yes void. */
interface Question {
  readonly person: string
  readonly askedAt: number
  isVoid: boolean
}

/** Asks whether people are admitted, and remembers each yes for a minute. A no is never remembered. */
export class Admission {
  readonly #admitPerson: AdmitPerson | undefined
  readonly #now: () => number
  readonly #startTimer: NonNullable<AdmissionOptions['startTimer']>
  readonly #admittedAt = new Map<string, number>()
  readonly #questions = new Set<Question>()

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
    const question: Question = { person, askedAt: this.#now(), isVoid: false }
    this.#questions.add(question)
    try {
      const isAdmitted = await this.#ask(this.#admitPerson, person)
      if (isAdmitted) this.#remember(question)
      else this.#forget(person)
      return isAdmitted
    } finally {
      this.#questions.delete(question)
    }
  }

  /**
   * The same, but a yes of the last minute counts while `AdmitPerson` fails.
   * @throws {StoreUnavailableError} if that is unknown
   */
  async isStillAdmitted(person: string): Promise<StillAdmitted> {
    try {
      return (await this.isAdmitted(person)) ? 'yes' : 'no'
    } catch (error) {
      const admittedAt = this.#admittedAt.get(person)
      if (admittedAt !== undefined && this.#now() - admittedAt < YES_LASTS_MS) return 'earlier_yes'
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

  #remember({ person, askedAt, isVoid }: Question): void {
    const admittedAt = this.#admittedAt.get(person)
    if (isVoid || (admittedAt !== undefined && admittedAt > askedAt)) return
    // The entry becomes the newest one.
    this.#admittedAt.delete(person)
    const [oldest] = this.#admittedAt.keys()
    if (oldest !== undefined && this.#admittedAt.size >= MAX_ENTRIES) {
      this.#admittedAt.delete(oldest)
    }
    this.#admittedAt.set(person, askedAt)
  }

  /** Forgets the yes of a person, and those that were asked for before and arrive later. */
  #forget(person: string): void {
    this.#admittedAt.delete(person)
    for (const question of this.#questions) if (question.person === person) question.isVoid = true
  }
}
