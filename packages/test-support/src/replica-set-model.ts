import {
  type Retained,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'

/** What may go wrong with one command. */
export type CommandFault =
  /** The server never gets it. */
  | 'command lost'
  /** The server executes it, and the caller gets an error. */
  | 'answer lost'
  /** The caller gets an error, and the server executes the command later. */
  | 'late'

/** Lets something else happen between two steps of a process. */
export type Step = (label: string) => Promise<void>

/** One write of a primary. It is open until a majority has it. */
interface Write<S> {
  readonly id: string
  readonly next: Versioned<S> | undefined
}

/**
 * A replica set in memory. A write is executed by the primary at once. Its acknowledgement says that a
 * majority has it and every earlier write. A fail-over forgets the writes that no majority has.
 */
export class ReplicaSetModel<S extends Retained> {
  readonly #name: string
  readonly #writes: Write<S>[] = []
  #majority = 0

  constructor(name: string) {
    this.#name = name
  }

  /** The state that a reader of the primary sees. */
  get(id: string): Versioned<S> | undefined {
    return this.#writes.findLast((write) => write.id === id)?.next
  }

  /** Forgets every write that no majority has, and `more` acknowledged ones. */
  failOver(more = 0): void {
    this.#writes.length = Math.max(0, Math.min(this.#writes.length, this.#majority) - more)
    this.#majority = this.#writes.length
  }

  /**
   * A process's connection to the set.
   * @param step called before and after the server executes a command
   * @param nextFault what goes wrong with the next command, if anything
   */
  connect(step: Step, nextFault: () => CommandFault | undefined): VersionedDriver<S> {
    return {
      read: (id) =>
        this.#command(step, nextFault(), `read ${this.#name}`, () => ({
          reply: structuredClone(this.get(id)),
          written: 0,
        })),
      swap: (id, expected, next) =>
        this.#command(step, nextFault(), `swap ${this.#name}`, () =>
          this.#swap(id, expected?.version, structuredClone(next)),
        ),
    }
  }

  #swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): { readonly reply: SwapResult<S>; readonly written: number } {
    const found = this.get(id)
    if (found?.version !== expected) {
      return { reply: { written: false, found: structuredClone(found) }, written: 0 }
    }
    this.#writes.push({ id, next })
    return { reply: { written: true }, written: this.#writes.length }
  }

  async #command<R>(
    step: Step,
    fault: CommandFault | undefined,
    label: string,
    run: () => { readonly reply: R; readonly written: number },
  ): Promise<R> {
    const failed = new StoreUnavailableError(`${label}: ${fault}`)
    if (fault === 'late') {
      void step(`${label}, late`).then(run)
      await step(`${label} fails`)
      throw failed
    }
    await step(label)
    if (fault === 'command lost') throw failed
    const { reply, written } = run()
    const write = written > 0 ? this.#writes[written - 1] : undefined
    await step(`${label} answers`)
    if (fault === 'answer lost') throw failed
    if (write) {
      // The write waits for a majority. If a fail-over forgot it, the driver reports an error.
      if (this.#writes[written - 1] !== write)
        throw new StoreUnavailableError(`${label}: rolled back`)
      this.#majority = Math.max(this.#majority, written)
    }
    return reply
  }
}
