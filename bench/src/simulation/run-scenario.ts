import { createPolicy, createUseCases } from '@device-grant/core'
import { normal, SimulatedDevice } from './simulated-device.ts'
import { SimulatedKeyStore, SimulatedRedis, SimulatedStore } from './simulated-redis.ts'
import { SimulatedTime } from './simulated-time.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What happens at half past, when most people log in. */
export type Scenario = 'nothing' | 'outage' | 'fail-over' | 'restart'

/** How long Redis or the servers are away, in milliseconds. */
const AWAY: Readonly<Record<Scenario, number>> = {
  nothing: 0,
  outage: MINUTE,
  'fail-over': 5 * SECOND,
  restart: MINUTE,
}

/** When it happens, in milliseconds from the start. */
export const EVENT_AT: number = 30 * MINUTE

/** What happened in a scenario. */
export interface Outcome {
  /** Polls in each second. */
  readonly polls: readonly number[]
  /** Requests for codes in each second. */
  readonly authorizations: readonly number[]
  readonly keys: number
  readonly gaveUp: number
  readonly startedAgain: number
  /** The states that a fail-over lost. */
  readonly lostWrites: number
  /** How long logins took, in milliseconds, sorted. */
  readonly tookMs: readonly number[]
}

/** A generator of random numbers from 0 to 1 that repeats itself for the same seed (mulberry32). */
const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** When devices start, in milliseconds from the start, sorted. */
const startsOf = (devices: number, random: () => number): Float64Array =>
  Float64Array.from({ length: devices }, () => {
    const at = 30 * MINUTE + 8 * MINUTE * normal(random)
    return Math.min(Math.max(at, 0), HOUR)
  }).sort()

/** Lets devices log in within an hour, most of them around its middle, with the rules of the server. */
export const runScenario = async (scenario: Scenario, devices: number): Promise<Outcome> => {
  const time = new SimulatedTime(Date.UTC(2030, 0, 1, 8, 30))
  const redis = new SimulatedRedis(time.now, 2 * SECOND)
  const keys = new SimulatedRedis(time.now, 0)
  const useCases = createUseCases({
    grants: new SimulatedStore(redis),
    userCodes: new SimulatedStore(redis),
    codeAttempts: new SimulatedStore(redis),
    cutOffs: new SimulatedStore(keys),
    apiKeys: new SimulatedKeyStore(keys),
    clock: { now: time.now },
    monotonic: time.now,
    // Short-lived keys that are soon forgotten, because the simulation keeps all of them in memory.
    policy: createPolicy({ keysPerPerson: 0, keyLifetimesMs: [MINUTE], keepEndedKeysMs: 0 }),
  })
  const counted = new Count(time)
  const random = seeded(1)
  let isReachable = true
  const around = { time, useCases, counts: counted, random, isReachable: () => isReachable }
  const starts = startsOf(devices, random)
  let next = 0
  // Devices are made when they start, because a million that wait take more memory than their logins.
  const startDue = async (): Promise<void> => {
    while ((starts[next] ?? Number.POSITIVE_INFINITY) <= time.elapsed) {
      await new SimulatedDevice(`person ${next}`, around).start()
      next += 1
    }
    const due = starts[next]
    if (due !== undefined) time.after(due - time.elapsed, startDue)
  }
  time.after(0, startDue)
  const away = AWAY[scenario]
  if (away > 0) {
    time.after(EVENT_AT, async () => {
      if (scenario === 'restart') isReachable = false
      else redis.isDown = true
      if (scenario === 'fail-over') counted.lostWrites = redis.forget(SECOND)
    })
    time.after(EVENT_AT + away, async () => {
      isReachable = true
      redis.isDown = false
    })
  }
  await time.run(HOUR + 20 * MINUTE)
  return counted.outcome()
}

class Count {
  lostWrites = 0
  readonly #time: SimulatedTime
  readonly #polls = new Array<number>(80 * 60).fill(0)
  readonly #authorizations = new Array<number>(80 * 60).fill(0)
  readonly #took: number[] = []
  #keys = 0
  #gaveUp = 0
  #again = 0

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  readonly authorize = (): void => {
    const second = Math.floor(this.#time.elapsed / SECOND)
    this.#authorizations[second] = (this.#authorizations[second] ?? 0) + 1
  }

  readonly poll = (): void => {
    const second = Math.floor(this.#time.elapsed / SECOND)
    this.#polls[second] = (this.#polls[second] ?? 0) + 1
  }

  readonly finished = (outcome: 'key' | 'gave_up', tookMs: number): void => {
    if (outcome === 'key') {
      this.#keys += 1
      this.#took.push(tookMs)
    } else this.#gaveUp += 1
  }

  readonly startedAgain = (): void => {
    this.#again += 1
  }

  outcome(): Outcome {
    return {
      polls: this.#polls,
      authorizations: this.#authorizations,
      keys: this.#keys,
      gaveUp: this.#gaveUp,
      startedAgain: this.#again,
      lostWrites: this.lostWrites,
      tookMs: this.#took.toSorted((a, b) => a - b),
    }
  }
}
