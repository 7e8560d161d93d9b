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

/** Random bytes from the system's generator, base64url without padding. */
export const randomText = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** A random mark of 48 bits, 12 hexadecimal digits. `randomUUID` is cheap because Node caches its entropy. */
export const randomMark = (): string => randomUUID().slice(24)

/** A random whole number from 0 up to, but not including, `limit`, without modulo bias. */
export const randomBelow = (limit: number): number => randomInt(limit)
