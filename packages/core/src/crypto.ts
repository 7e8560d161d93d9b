import { createHmac, hash, randomBytes, randomInt } from 'node:crypto'

/** SHA-256 of a text, base64url without padding (43 characters). */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** HMAC-SHA-256, 32 bytes. */
export const hmacSha256 = (key: string, message: string): Uint8Array =>
  createHmac('sha256', key).update(message).digest()

const POOL_BYTES = 4096
let pool = randomBytes(0)
let used = 0

/** Random bytes from the system's generator, base64url without padding. */
export const randomText = (bytes: number): string => {
  // Taken from it in bulk: a call costs twenty times as much as what it is for.
  if (used + bytes > pool.length) {
    pool = randomBytes(Math.max(bytes, POOL_BYTES))
    used = 0
  }
  const end = used + bytes
  const text = pool.toString('base64url', used, end)
  // Whoever sees this memory later finds no secret that was handed out.
  pool.fill(0, used, end)
  used = end
  return text
}

/** A random whole number from 0 up to, but not including, `limit`, without modulo bias. */
export const randomBelow = (limit: number): number => randomInt(limit)

/** SHA-256 of a text, 64 hexadecimal digits. */
export const sha256Hex = (text: string): string => hash('sha256', text, 'hex')
