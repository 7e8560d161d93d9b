const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 43 // 62^43 > 2^256
const CHECKSUM_LENGTH = 6 // 62^6 > 2^32

const base62 = (value: bigint, length: number): string => {
  let rest = value
  let text = ''
  for (let i = 0; i < length; i++) {
    text = BASE62[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}

const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

const checksum = (text: string): string => base62(BigInt(crc32(text)), CHECKSUM_LENGTH)

/**
 * Writes 32 secret bytes as an API key: prefix, 43 characters base62, and 6 of a checksum (the CRC-32
 * of all that stands before it, base62).
 */
export const formatApiKey = (prefix: string, secret: Uint8Array): string => {
  let value = 0n
  for (const byte of secret) value = (value << 8n) | BigInt(byte)
  const text = prefix + base62(value, SECRET_LENGTH)
  return text + checksum(text)
}

const FORM = new RegExp(`^[A-Za-z0-9._~-]{1,32}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`)

/**
 * Whether a text has the form of an API key and its checksum holds: no look-up is worth it otherwise. The
 * prefix is part of what is checked, not of what is asked: keys outlive a change of it.
 */
export const isApiKey = (text: string): boolean =>
  FORM.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
