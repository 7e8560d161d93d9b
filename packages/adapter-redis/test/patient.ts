import { type ConnectOptions, connect, type RedisClient } from '@device-grant/adapter-redis'

/** A timeout that no busy machine misses, in milliseconds. */
export const PATIENT_MS: number = 30_000

/** Connects with timeouts that no busy machine misses. */
export const connectPatiently = (url: string, options: ConnectOptions = {}): RedisClient =>
  connect(url, { commandTimeoutMs: PATIENT_MS, connectTimeoutMs: PATIENT_MS, ...options })
