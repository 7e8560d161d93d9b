import { StoreUnavailableError } from '@device-grant/core'
import type { Redis } from 'ioredis'
import { bounded } from './bounded.ts'
import { DEFAULT_TIMEOUT_MS } from './deadline.ts'
import { ping } from './ping.ts'
import type { RedisClient } from './redis-client.ts'

/** Something about the server that its operator should know. */
export interface ServerFinding {
  /** `error`: logins fail. `warning`: logins may be lost. `note`: something could not be checked. */
  readonly level: 'error' | 'warning' | 'note'
  /** One sentence or two for the operator. It holds no secret. */
  readonly text: string
}

/** The result of `checkServer`. */
export interface ServerCheck {
  /** The version of the server, or of one master of a Cluster. Absent if `INFO` is forbidden. */
  readonly version?: string | undefined
  /** Empty if nothing is wrong. */
  readonly findings: readonly ServerFinding[]
}

/** The first version whose `SET` takes `PXAT`. */
const MIN_VERSION = [6, 2] as const

/**
 * Checks the version of the server, its settings, and its role. It changes nothing.
 * @param timeoutMs how long one command may take, in milliseconds; 2 000 by default
 * @throws {StoreUnavailableError} if the server cannot be reached
 */
export const checkServer = async (
  redis: RedisClient,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<ServerCheck> => {
  // `ping` waits for the connection. A Cluster knows its nodes only then.
  await ping(redis, timeoutMs)
  const isCluster = 'nodes' in redis
  const nodes = isCluster ? redis.nodes('master') : [redis]
  const checks = await Promise.all(
    nodes.map(async (node): Promise<ServerCheck> => {
      try {
        return findingsIn(await bounded(node.info(), timeoutMs), isCluster)
      } catch (error) {
        if (!isForbidden(error)) throw error
        const text = 'INFO is forbidden, so version and maxmemory-policy were not checked'
        return { findings: [{ level: 'note', text }] }
      }
    }),
  )
  if (!isCluster) checks.push({ findings: await checkDatabase(redis, timeoutMs) })
  const version = checks.find((check) => check.version !== undefined)?.version
  const findings = new Map(
    checks.flatMap((check) => check.findings.map((finding) => [finding.text, finding])),
  )
  return { version, findings: [...findings.values()] }
}

/** Where `SELECT` is forbidden, ioredis silently stays in database 0. */
const checkDatabase = async (redis: Redis, timeoutMs: number): Promise<ServerFinding[]> => {
  const { db } = redis.options
  if (!db) return []
  try {
    const info = await bounded(redis.client('INFO'), timeoutMs)
    const found = /\bdb=(\d+)/.exec(info)?.[1]
    if (found === undefined || Number(found) === db) return []
    const text = `Keys go to database ${found} and not to ${db}: SELECT is forbidden, or there is no such database`
    return [{ level: 'error', text }]
  } catch (error) {
    if (!isForbidden(error)) throw error
    return [{ level: 'note', text: 'CLIENT INFO is forbidden, so the database was not checked' }]
  }
}

const isForbidden = (error: unknown): boolean =>
  error instanceof StoreUnavailableError &&
  error.cause instanceof Error &&
  /^NOPERM|unknown command/i.test(error.cause.message)

const findingsIn = (info: string, isCluster: boolean): ServerCheck => {
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
      text: `Redis ${version} is too old, and nothing can be written: SET with PXAT needs ${MIN_VERSION.join('.')}`,
    })
  }
  if (policy !== undefined && policy !== 'noeviction') {
    findings.push({
      level: 'warning',
      text:
        `maxmemory-policy is ${policy}. If its memory is full, Redis silently evicts pending logins and the ` +
        'limits on wrong user codes. Set noeviction, which refuses new logins instead',
    })
  }
  if (facts.get('role') === 'slave') {
    findings.push({ level: 'error', text: 'This server is a replica, so nothing can be written' })
  }
  if (facts.get('cluster_enabled') === '1' && !isCluster) {
    findings.push({
      level: 'error',
      text: 'This server is part of a Cluster, and most keys cannot be reached. Use a redis+cluster:// URL',
    })
  }
  return { version, findings }
}

const isOlder = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [minMajor, minMinor] = MIN_VERSION
  return major < minMajor || (major === minMajor && minor < minMinor)
}
