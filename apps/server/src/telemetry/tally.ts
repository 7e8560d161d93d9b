import { Counter, type Registry } from 'prom-client'

export interface TallyOptions<L extends string, V extends string> {
  readonly name: string
  readonly help: string
  readonly label: L
  /** Every value that the label can have. */
  readonly values: readonly V[]
}

/**
 * A counter with one label, all of whose values are there from the start. It counts in plain numbers,
 * because the counter of the Prometheus client costs a poll ten times as much.
 */
export class Tally<L extends string, V extends string> {
  readonly #counts: Map<V, number>

  constructor(registry: Registry, { name, help, label, values }: TallyOptions<L, V>) {
    const counts = new Map(values.map((value) => [value, 0] as const))
    this.#counts = counts
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of counts) this.labels(value).inc(count)
      },
    })
  }

  add(value: V): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }
}
