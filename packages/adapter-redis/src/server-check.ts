import type { Clock } from '@device-grant/core'
import type { Redis } from 'ioredis'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'
import { toStoreError } from './redis-error.ts'

/** Something about the server that its operator should know. */
export interface ServerFinding {
  /** `error`: logins will fail. `warning`: logins may be lost. `note`: something could not be looked at. */
  readonly level: 'error' | 'warning' | 'note'
  readonly text: string
}

export interface ServerCheck {
  /** As the server tells it; of a Cluster, one of its masters. Absent when it does not. */
  readonly version?: string | undefined
  readonly findings: readonly ServerFinding[]
}

/** `SET` takes `PXAT` from here on. */
const LEAST_VERSION = [6, 2] as const

const bounded = async <T>(work: Promise<T>, timeoutMs: number): Promise<T> => {
  try {
    return await withDeadline(work, timeoutMs)
  } catch (fault) {
    throw toStoreError(fault, false)
  }
}

/**
 * Looks at the version and at how the server treats its data. It changes nothing.
 * @throws {StoreUnavailableError} the server cannot be reached
 */
export const checkServer = async (
  redis: RedisClient,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<ServerCheck> => {
  // Reaching it at all comes first: it waits for the connection, and a Cluster knows its nodes then.
  await ping(redis, timeoutMs)
  const isCluster = 'nodes' in redis
  const nodes = isCluster ? redis.nodes('master') : [redis]
  const checks = await Promise.all(
    nodes.map(async (node): Promise<ServerCheck> => {
      try {
        return judge(await withDeadline(node.info(), timeoutMs), isCluster)
      } catch (fault) {
        if (!isForbidden(fault)) throw toStoreError(fault, false)
        const text = 'INFO is forbidden here: version and maxmemory-policy were not checked'
        return { findings: [{ level: 'note', text }] }
      }
    }),
  )
  if (!isCluster) checks.push({ findings: await checkDatabase(redis, timeoutMs) })
  const version = checks.find((check) => check.version !== undefined)?.version
  const findings = new Map(
    checks.flatMap((check) => check.findings.map((finding) => [finding.text, finding])),
  )
  return { ...(version === undefined ? {} : { version }), findings: [...findings.values()] }
}

/** Where `SELECT` is forbidden, the driver goes on in database 0 without a word. */
const checkDatabase = async (redis: Redis, timeoutMs: number): Promise<ServerFinding[]> => {
  const { db } = redis.options
  if (!db) return []
  try {
    const info = await withDeadline(redis.client('INFO'), timeoutMs)
    const found = /\bdb=(\d+)/.exec(info)?.[1]
    if (found === undefined || Number(found) === db) return []
    const text = `Keys go to database ${found} and not to ${db}: SELECT is forbidden here, or there is no such database`
    return [{ level: 'error', text }]
  } catch (fault) {
    if (!isForbidden(fault)) throw toStoreError(fault, false)
    return [{ level: 'note', text: 'CLIENT INFO is forbidden here: the database was not checked' }]
  }
}

const isForbidden = (fault: unknown): boolean =>
  fault instanceof Error && /^NOPERM|unknown command/i.test(fault.message)

const judge = (info: string, isCluster: boolean): ServerCheck => {
  const facts = new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )
  const findings: ServerFinding[] = []
  const version = facts.get('redis_version')
  const policy = facts.get('maxmemory_policy')
  if (version !== undefined && isOlder(version)) {
    findings.push({
      level: 'error',
      text: `Redis ${version} is too old: SET with PXAT needs ${LEAST_VERSION.join('.')}, so nothing can be written`,
    })
  }
  if (policy !== undefined && policy !== 'noeviction') {
    findings.push({
      level: 'warning',
      text:
        `maxmemory-policy is ${policy}: when memory runs out, Redis evicts pending logins and the limits on wrong ` +
        'user codes without a word. Set noeviction, which refuses new logins instead',
    })
  }
  if (facts.get('role') === 'slave') {
    findings.push({ level: 'error', text: 'This server is a replica: nothing can be written' })
  }
  if (facts.get('cluster_enabled') === '1' && !isCluster) {
    findings.push({
      level: 'error',
      text: 'This server is part of a Cluster: use a redis+cluster:// URL, or most keys cannot be reached',
    })
  }
  return { ...(version === undefined ? {} : { version }), findings }
}

const isOlder = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_VERSION
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

const ROUND_TRIPS = 3

/**
 * How far this process's clock is ahead of Redis's, milliseconds (negative: behind). Of a few round
 * trips the quickest counts, as half of it is how far the measurement may be off.
 * @throws {StoreUnavailableError} the server cannot be reached
 */
export const clockOffset = async (
  redis: RedisClient,
  clock: Clock,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<number> => {
  let best = { tookMs: Number.POSITIVE_INFINITY, offset: 0 }
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const sentAt = clock.now()
    const started = performance.now()
    const [seconds, microseconds] = await bounded(redis.time(), timeoutMs)
    const tookMs = performance.now() - started
    const theirs = Number(seconds) * 1_000 + Number(microseconds) / 1_000
    if (tookMs < best.tookMs) best = { tookMs, offset: sentAt + tookMs / 2 - theirs }
  }
  return Math.round(best.offset)
}

/**
 * Resolves when the server answers.
 * @throws {StoreUnavailableError} it did not within `timeoutMs`
 */
export const ping = async (
  redis: RedisClient,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<void> => {
  await bounded(redis.ping(), timeoutMs)
}
