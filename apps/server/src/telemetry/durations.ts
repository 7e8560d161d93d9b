/** Upper ends of the buckets, in seconds. An adapter gives up on a command after about 2 s. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** One series of a histogram. */
export class Durations {
  readonly #counts: number[] = BUCKETS.map(() => 0)
  #sum = 0
  #count = 0

  /** Adds a duration, in seconds. */
  add(seconds: number): void {
    this.#sum += seconds
    this.#count += 1
    const bucket = BUCKETS.findIndex((upperEnd) => seconds <= upperEnd)
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  /**
   * The series in the text format of Prometheus.
   * @param labels for example `store="redis"`; not empty
   */
  text(name: string, labels: string): string {
    let sum = 0
    const lines = BUCKETS.map((upperEnd, i) => {
      sum += this.#counts[i] ?? 0
      return `${name}_bucket{${labels},le="${upperEnd}"} ${sum}`
    })
    return [
      ...lines,
      `${name}_bucket{${labels},le="+Inf"} ${this.#count}`,
      `${name}_sum{${labels}} ${this.#sum}`,
      `${name}_count{${labels}} ${this.#count}`,
    ].join('\n')
  }
}
