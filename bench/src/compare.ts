import { applyLoad, type LoadResult, type Target } from './load.ts'
import { cpuSeconds } from './pinned-process.ts'
import type { Server } from './servers.ts'

/** One side of a comparison. */
export interface Side {
  readonly server: Server
  readonly target: Target
}

export interface Slices {
  readonly count: number
  readonly seconds: number
  readonly connections: number
  /** How long the generator sleeps between two rounds, in milliseconds. Default: it does not. */
  readonly wakeEveryMs?: number
}

/** The rate of one slice of one side. */
export interface Rate {
  readonly perSecond: number
  readonly perCpuSecond: number
  /** How much of its core the server used, 0 to 1. */
  readonly busy: number
}

/** One slice of one side. */
interface Slice extends Rate {
  readonly latencies: Float64Array
}

/** The median, minimum and maximum of all slices. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Comparison {
  readonly ours: {
    readonly perSecond: Spread
    readonly perCpuSecond: Spread
    readonly busy: Spread
  }
  readonly constant: Comparison['ours']
  /** The ratio of our rate to the constant's, for each pair of slices. */
  readonly ratio: { readonly perSecond: Spread; readonly perCpuSecond: Spread }
}

const BUSY = 0.9

/** Whether the servers limited both rates, rather than the generator or Redis. */
export const isServerTheLimit = ({ ours, constant }: Comparison): boolean =>
  ours.busy.median >= BUSY && constant.busy.median >= BUSY

/** Measures both sides in turn, as fast as they can. */
export const compareRates = async (
  ours: Side,
  constant: Side,
  slices: Slices,
): Promise<Comparison> => ofPairs(await inTurn(ours, constant, slices))

/** Compares the rates of both sides in pairs of slices. */
export const ofPairs = (pairs: readonly (readonly [Rate, Rate])[]): Comparison => {
  const side = (which: 0 | 1): Comparison['ours'] => ({
    perSecond: spread(pairs.map((pair) => pair[which].perSecond)),
    perCpuSecond: spread(pairs.map((pair) => pair[which].perCpuSecond)),
    busy: spread(pairs.map((pair) => pair[which].busy)),
  })
  return {
    ours: side(0),
    constant: side(1),
    ratio: {
      perSecond: spread(pairs.map(([a, b]) => a.perSecond / b.perSecond)),
      perCpuSecond: spread(pairs.map(([a, b]) => a.perCpuSecond / b.perCpuSecond)),
    },
  }
}

/** Percentiles of the latencies of all slices, in milliseconds. */
export interface Latency {
  readonly p50: Spread
  readonly p99: Spread
}

/** Measures both sides in turn, at the same rate. */
export const compareLatencies = async (
  ours: Side,
  constant: Side,
  slices: Slices,
  rate: number,
): Promise<{ readonly ours: Latency; readonly constant: Latency; readonly ratio: Spread }> => {
  const pairs = await inTurn(ours, constant, slices, rate)
  const side = (which: 0 | 1): Latency => ({
    p50: spread(pairs.map((pair) => percentile(pair[which].latencies, 0.5))),
    p99: spread(pairs.map((pair) => percentile(pair[which].latencies, 0.99))),
  })
  const ratio = spread(
    pairs.map(([a, b]) => percentile(a.latencies, 0.99) / percentile(b.latencies, 0.99)),
  )
  return { ours: side(0), constant: side(1), ratio }
}

const inTurn = async (
  ours: Side,
  constant: Side,
  slices: Slices,
  rate?: number,
): Promise<[Slice, Slice][]> => {
  const pairs: [Slice, Slice][] = []
  // The first pair warms both servers up.
  for (let i = 0; i <= slices.count; i++) {
    const pair: [Slice, Slice] = [
      await measure(ours, slices, rate),
      await measure(constant, slices, rate),
    ]
    if (i > 0) pairs.push(pair)
  }
  return pairs
}

const measure = async (
  { server, target }: Side,
  { seconds, connections, wakeEveryMs }: Slices,
  rate?: number,
): Promise<Slice> => {
  const before = cpuSeconds(server.child)
  const load = { target, seconds, connections, wakeEveryMs }
  const result = await applyLoad(rate === undefined ? load : { ...load, rate })
  const used = cpuSeconds(server.child) - before
  requireRightAnswers(result, target)
  return {
    perSecond: result.answers / result.seconds,
    perCpuSecond: result.answers / used,
    busy: used / result.seconds,
    latencies: result.latencies,
  }
}

/** @throws {Error} if there was an unexpected answer, which would have another cost */
export const requireRightAnswers = (
  { wrong, wrongExample }: LoadResult,
  { path }: Target,
): void => {
  if (wrong > 0) throw new Error(`${wrong} wrong answers of ${path}, such as:\n${wrongExample}`)
}

const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

const spread = (values: readonly number[]): Spread => {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length / 2
  return {
    median: ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2,
    least: sorted[0] ?? Number.NaN,
    most: sorted[sorted.length - 1] ?? Number.NaN,
  }
}
