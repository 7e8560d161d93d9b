import { createHmac, hash, randomBytes, randomInt, randomUUID, timingSafeEqual } from 'node:crypto'

/** SHA-256 of a text, base64url without padding (43 characters). */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** SHA-256 of a text, 32 bytes. */
export const digest = (text: string): Uint8Array => hash('sha256', text, 'buffer')

/** HMAC-SHA-256, 32 bytes. */
export const hmacSha256 = (key: string, message: string): Uint8Array =>
  createHmac('sha256', key).update(message).digest()

/** HMAC-SHA-256, base64url without padding (43 characters). */
export const hmacText = (key: string, message: string): string =>
  createHmac('sha256', key).update(message).digest('base64url')

/** Compares two texts in constant time. Both are hashed first, because `timingSafeEqual` needs equal lengths. */
export const isSameText = (one: string, other: string): boolean =>
  timingSafeEqual(digest(one), digest(other))

const POOL_BYTES = 4_096
let pool = randomBytes(0)

/**
 * Random bytes from the system's generator, base64url without padding. They are drawn for many texts at
 * once, because each draw is a system call. Used bytes are erased.
 */
export const randomText = (bytes: number): string => {
  if (bytes > pool.length) pool = randomBytes(Math.max(bytes, POOL_BYTES))
  const used = pool.subarray(0, bytes)
  pool = pool.subarray(bytes)
  const text = used.toString('base64url')
  used.fill(0)
  return text
}

/** A random mark of 48 bits, 12 hexadecimal digits. `randomUUID` is cheap because Node caches its entropy. */
export const randomMark = (): string => randomUUID().slice(24)

/** A random whole number from 0 up to, but not including, `limit`, without modulo bias. */
export const randomBelow = (limit: number): number => randomInt(limit)
