import {
  type Authentication,
  type DeviceGrantEvent,
  StoreError,
  type TokenReply,
} from '@device-grant/core'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { StoreWatch } from '../store-watch.ts'
import { VERSION } from '../version.ts'
import { decorateStore } from './decorate-store.ts'
import { Durations } from './durations.ts'
import { Tally } from './tally.ts'

const POLLS = [
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
  'invalid_grant',
  'invalid_target',
  'unauthorized_client',
  'granted',
] as const satisfies readonly TokenReply['outcome'][]

const KEY_CHECKS = [
  'valid',
  'malformed',
  'no_such_key',
  'expired',
  'revoked',
  'not_admitted',
  'error',
] as const

const LOGINS = ['completed', 'denied', 'expired', 'not_admitted', 'refused'] as const

const LIMITS = [
  'codes_of_address',
  'codes_of_all',
  'wrong_user_codes',
  'keys_of_person',
  'connections',
  'secret_scanning',
] as const

/** A limit on what clients and people may do. */
export type Limit = (typeof LIMITS)[number]

const COMMANDS = ['ok', 'unavailable', 'conflict', 'full', 'data', 'error'] as const

const COMMAND_DURATIONS = 'device_grant_store_command_duration_seconds'

/** Metrics whose number of series depends on what is open. They take long with many connections. */
const OPEN_ENDED = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
])

/** A store, and whether it answers. */
export interface WatchedStore {
  readonly name: string
  readonly watch: Pick<StoreWatch, 'isDown' | 'outages'>
}

/**
 * Counts what the server does, for Prometheus. Every label has a fixed set of values, and none comes from
 * a request, so that no client can add a series.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly contentType: string = this.#registry.contentType
  readonly #polls = new Tally(this.#registry, {
    name: 'device_grant_polls_total',
    help: 'Polls by outcome',
    label: 'outcome',
    values: POLLS,
  })
  readonly #keyChecks = new Tally(this.#registry, {
    name: 'device_grant_key_checks_total',
    help: 'Checks of API keys by outcome',
    label: 'outcome',
    values: KEY_CHECKS,
  })
  readonly #codes = new Counter({
    name: 'device_grant_codes_issued_total',
    help: 'Device codes issued',
    registers: [this.#registry],
  })
  readonly #logins = new Tally(this.#registry, {
    name: 'device_grant_logins_total',
    help: 'Logins that ended, by outcome',
    label: 'outcome',
    values: LOGINS,
  })
  readonly #decisions = new Tally(this.#registry, {
    name: 'device_grant_decisions_total',
    help: 'Decisions of people',
    label: 'decision',
    values: ['approved', 'denied'],
  })
  readonly #limits = new Tally(this.#registry, {
    name: 'device_grant_limits_hit_total',
    help: 'Refusals by limit',
    label: 'limit',
    values: LIMITS,
  })
  readonly #commands: ReadonlyMap<string, CommandDurations>

  constructor(stores: readonly WatchedStore[]) {
    const registers = [this.#registry]
    this.#commands = new Map(stores.map(({ name }) => [name, commandDurations()]))
    collectDefaultMetrics({ register: this.#registry })
    for (const name of OPEN_ENDED) this.#registry.removeSingleMetric(name)
    new Gauge({
      name: 'device_grant_build_info',
      help: 'Version of the server',
      labelNames: ['version'],
      registers,
    }).set({ version: VERSION }, 1)
    new Gauge({
      name: 'device_grant_store_up',
      help: 'Whether a store answers',
      labelNames: ['store'],
      registers,
      collect() {
        for (const { name, watch } of stores) this.set({ store: name }, watch.isDown ? 0 : 1)
      },
    })
    new Counter({
      name: 'device_grant_store_outages_total',
      help: 'Times that a store went down',
      labelNames: ['store'],
      registers,
      collect() {
        this.reset()
        for (const { name, watch } of stores) this.inc({ store: name }, watch.outages)
      },
    })
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    const series = [...this.#commands].flatMap(([store, durations]) =>
      COMMANDS.map((outcome) =>
        durations[outcome].text(COMMAND_DURATIONS, `store="${store}",outcome="${outcome}"`),
      ),
    )
    const commands = [
      `# HELP ${COMMAND_DURATIONS} Commands to stores by outcome, in seconds`,
      `# TYPE ${COMMAND_DURATIONS} histogram`,
      ...series,
    ]
    return `${await this.#registry.metrics()}\n${commands.join('\n')}\n`
  }

  countPoll(outcome: TokenReply['outcome']): void {
    this.#polls.add(outcome)
  }

  countKeyCheck(outcome: Authentication['outcome'] | 'error'): void {
    this.#keyChecks.add(outcome)
  }

  countLimit(limit: Limit): void {
    this.#limits.add(limit)
  }

  countEvent(event: DeviceGrantEvent): void {
    switch (event.type) {
      case 'authorization_requested':
        return this.#codes.inc()
      case 'authorization_approved':
        return this.#decisions.add('approved')
      case 'authorization_denied':
        this.#decisions.add('denied')
        return this.#logins.add('denied')
      case 'expired_on_poll':
        return this.#logins.add('expired')
      case 'key_claimed':
        if (!event.reissued) this.#logins.add('completed')
        return
      case 'person_not_admitted':
        if (event.during === 'pick_up') this.#logins.add('not_admitted')
        return
      case 'pick_up_refused':
        return this.#logins.add('refused')
      case 'too_many_wrong_user_codes':
        return this.countLimit('wrong_user_codes')
      case 'too_many_keys':
        return this.countLimit('keys_of_person')
    }
  }

  /**
   * Returns a store whose commands are counted and timed.
   * @throws {Error} if there is no store of this name
   */
  measure<S extends object>(store: S, storeName: string): S {
    const durations = this.#commands.get(storeName)
    if (!durations) throw new Error(`There is no store ${storeName}`)
    return decorateStore(store, (_command, run) => {
      const begin = performance.now()
      const ended = (outcome: keyof CommandDurations): void =>
        durations[outcome].add((performance.now() - begin) / 1000)
      const result = run()
      result.then(
        () => ended('ok'),
        (error: unknown) => ended(outcomeOf(error)),
      )
      return result
    })
  }
}

type CommandDurations = Readonly<Record<(typeof COMMANDS)[number], Durations>>

const commandDurations = (): CommandDurations => ({
  ok: new Durations(),
  unavailable: new Durations(),
  conflict: new Durations(),
  full: new Durations(),
  data: new Durations(),
  error: new Durations(),
})

const outcomeOf = (error: unknown): keyof CommandDurations => {
  if (!(error instanceof StoreError)) return 'error'
  switch (error.code) {
    case 'store_unavailable':
      return 'unavailable'
    case 'store_conflict':
      return 'conflict'
    case 'store_full':
      return 'full'
    case 'store_data':
      return 'data'
  }
}
