import { lookup } from 'node:dns'
import type { ConnectionOptions } from 'node:tls'
import type { CommonRedisOptions } from 'ioredis'
import { Cluster, Redis } from 'ioredis'
import { batchWrites } from './batch-writes.ts'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'
import { withoutCommand } from './redis-error.ts'
import { parseRedisUrl, type RedisTarget } from './redis-url.ts'

/** How `connect` connects, and where it reports errors. */
export interface ConnectOptions {
  /**
   * Called with every connection error. The client reconnects by itself.
   * @default errors are ignored
   */
  readonly onError?: ((error: Error) => void) | undefined
  /**
   * How long the server may say nothing to a command, in milliseconds, above 0. The connection is
   * dropped a second later. The stores have a `timeoutMs` of their own for each command.
   * @default 2_000
   */
  readonly commandTimeoutMs?: number | undefined
  /**
   * How long one attempt to connect may take, in milliseconds, above 0.
   * @default 3_000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * The user at the Sentinels. The user of the URL is for the master they name.
   * @default no user
   */
  readonly sentinelUsername?: string | undefined
  /**
   * The password at the Sentinels. The password of the URL is for the master they name.
   * @default no password
   */
  readonly sentinelPassword?: string | undefined
  /**
   * Options of `tls.connect` for `rediss` URLs, for example certificates.
   * @default those of Node
   */
  readonly tls?: ConnectionOptions | undefined
}

const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 1_000
const DISCONNECT_TIMEOUT_MS = 1_000

/** Reconnects forever, with exponential back-off and jitter. */
const pauseBeforeAttempt = (attempts: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 10), MAX_PAUSE_MS) *
  (0.5 + Math.random() / 2)

/** After a fail-over these errors mean that the connection leads to a server that takes no writes. */
const RECONNECT_ON = /\b(?:READONLY|LOADING|MASTERDOWN)\b/

/**
 * Makes a client from a URL: `redis://`, `redis+cluster://h:p,h:p` or `redis+sentinel://h:p,h:p/name`,
 * each also with `rediss`, `valkey` and `valkeys`. It connects in the background and reconnects by itself. Commands wait a
 * bounded time for the connection. Close it with `disconnect`.
 * @throws {RedisUrlError} if the URL is invalid
 */
export const connect = (url: string, options: ConnectOptions = {}): RedisClient => {
  const {
    onError = () => {},
    commandTimeoutMs = DEFAULT_TIMEOUT_MS,
    connectTimeoutMs = 3_000,
    sentinelUsername,
    sentinelPassword,
  } = options
  const target = parseRedisUrl(url)
  const tls = target.tls ? (options.tls ?? {}) : undefined
  const connection = {
    tls,
    username: target.username,
    password: target.password,
    family: target.family,
    connectionName: 'device-grant',
    connectTimeout: connectTimeoutMs,
    // If the peer goes silent, drop the connection rather than time out every command.
    socketTimeout: commandTimeoutMs + 1_000,
    maxRetriesPerRequest: 1,
    // The script recognises a write that is sent again by its version.
    autoResendUnfulfilledCommands: true,
    maxLoadingRetryTime: 500,
    reconnectOnError: (error: Error) => RECONNECT_ON.test(error.message),
  } satisfies CommonRedisOptions &
    Pick<RedisTarget, 'family'> & { tls: ConnectionOptions | undefined }
  const report = (error: Error): void => onError(withoutCommand(error))
  if (target.topology === 'cluster') {
    const cluster = new Cluster([...target.nodes], {
      redisOptions: connection,
      scaleReads: 'master',
      clusterRetryStrategy: pauseBeforeAttempt,
      slotsRefreshTimeout: commandTimeoutMs,
      slotsRefreshInterval: 5_000,
      retryDelayOnFailover: 100,
      retryDelayOnClusterDown: 100,
      retryDelayOnTryAgain: 50,
      maxRedirections: 16,
      // A certificate names hosts, so they must not be resolved to addresses first.
      dnsLookup: tls
        ? (host, done) => done(null, host)
        : (host, done) => lookup(host, { family: target.family ?? 0 }, done),
    })
    return cluster.on('+node', batchWrites).on('error', report).on('node error', report)
  }
  const server =
    target.topology === 'single'
      ? { ...target.node, db: target.db }
      : {
          sentinels: [...target.nodes],
          name: target.name,
          sentinelUsername,
          sentinelPassword,
          sentinelRetryStrategy: pauseBeforeAttempt,
          sentinelCommandTimeout: commandTimeoutMs,
          enableTLSForSentinelMode: target.tls,
          sentinelTLS: tls,
        }
  const redis = new Redis({ ...connection, ...server, retryStrategy: pauseBeforeAttempt })
  batchWrites(redis)
  return redis.on('error', report)
}

/**
 * Closes a client after the pending answers.
 * @param timeoutMs how long to wait for them, in milliseconds; 1 000 by default
 */
export const disconnect = async (
  redis: RedisClient,
  timeoutMs: number = DISCONNECT_TIMEOUT_MS,
): Promise<void> => {
  try {
    if (redis.status === 'ready') await withDeadline(redis.quit(), timeoutMs)
  } catch {
    // It is closed below in any case.
  }
  redis.disconnect()
}
