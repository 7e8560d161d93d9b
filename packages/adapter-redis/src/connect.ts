import type { ConnectionOptions } from 'node:tls'
import type { CommonRedisOptions } from 'ioredis'
import { Cluster, Redis } from 'ioredis'
import { batchWrites } from './batch-writes.ts'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'
import { withoutCommand } from './redis-error.ts'
import { parseRedisUrl } from './redis-url.ts'

export interface ConnectOptions {
  /** Hears of every connection that fails or breaks; the client tries again by itself. Default: nobody hears. */
  readonly onError?: ((error: Error) => void) | undefined
  /** How long one command may take, milliseconds. Default 2 000. */
  readonly commandTimeoutMs?: number | undefined
  /** How long making a connection may take, milliseconds. Default 3 000. */
  readonly connectTimeoutMs?: number | undefined
  /** What the Sentinels ask for. The user and password of the URL are for the servers that they lead to. */
  readonly sentinelUsername?: string | undefined
  readonly sentinelPassword?: string | undefined
  /** For `rediss`: certificates, and whatever else `tls.connect` takes. */
  readonly tls?: ConnectionOptions | undefined
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/** Tries for ever: soon, then less often, and not all processes at once. */
const pauseBeforeTry = (times: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(times - 1, 10), LONGEST_PAUSE_MS) *
  (0.5 + Math.random() / 2)

/** After a fail-over this connection leads to a replica, or to a server that is not serving. */
const RECONNECT_ON = /\b(?:READONLY|LOADING|MASTERDOWN)\b/

/**
 * Makes a client from a URL: `redis://`, `redis+cluster://h:p,h:p`, `redis+sentinel://h:p,h:p/name`,
 * each also with `rediss`. It connects in the background and again whenever the connection is lost;
 * commands wait a bounded time for that. Close it with `disconnect`.
 * @throws {RedisUrlError} the URL cannot be understood
 */
export const connect = (url: string, options: ConnectOptions = {}): RedisClient => {
  const {
    onError = () => {},
    commandTimeoutMs = DEFAULT_TIMEOUT_MS,
    connectTimeoutMs = 3_000,
    sentinelUsername,
    sentinelPassword,
    tls = {},
  } = options
  const target = parseRedisUrl(url)
  const secure = target.tls ? { tls } : {}
  const connection = {
    ...secure,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    connectionName: 'device-grant',
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A peer that vanished without a word: give the connection up, not just the command.
    socketTimeout: commandTimeoutMs + 1_000,
    maxRetriesPerRequest: 1,
    // A command whose answer was lost is sent again: the script knows its own writes by their version.
    autoResendUnfulfilledCommands: true,
    maxLoadingRetryTime: 500,
    reconnectOnError: (error: Error) => RECONNECT_ON.test(error.message),
  } satisfies CommonRedisOptions & { tls?: ConnectionOptions }
  const report = (error: Error): void => onError(withoutCommand(error))
  if (target.topology === 'cluster') {
    const cluster = new Cluster([...target.nodes], {
      redisOptions: connection,
      scaleReads: 'master',
      clusterRetryStrategy: pauseBeforeTry,
      slotsRefreshTimeout: commandTimeoutMs,
      slotsRefreshInterval: 5_000,
      retryDelayOnFailover: 100,
      retryDelayOnClusterDown: 100,
      retryDelayOnTryAgain: 50,
      maxRedirections: 16,
      // A certificate names hosts, so they must not be resolved to addresses first.
      ...(target.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
    })
    return cluster.on('+node', batchWrites).on('error', report).on('node error', report)
  }
  const where =
    target.topology === 'single'
      ? { ...target.node, db: target.db }
      : {
          sentinels: [...target.nodes],
          name: target.name,
          sentinelRetryStrategy: pauseBeforeTry,
          sentinelCommandTimeout: commandTimeoutMs,
          ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
          ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
          ...(target.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
        }
  const redis = new Redis({ ...connection, ...where, retryStrategy: pauseBeforeTry })
  batchWrites(redis)
  return redis.on('error', report)
}

/** Closes a client after the answers that are due, or without them when they take too long. */
export const disconnect = async (redis: RedisClient, timeoutMs = 1_000): Promise<void> => {
  try {
    if (redis.status === 'ready') await withDeadline(redis.quit(), timeoutMs)
  } catch {
    // It is closed either way.
  }
  redis.disconnect()
}
