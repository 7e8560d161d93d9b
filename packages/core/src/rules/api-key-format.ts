import { digest } from '../crypto.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 22 // 62^22 > 2^128
const SECRET_LENGTH = 43 // 62^43 > 2^256
const CHECKSUM_LENGTH = 6 // 62^6 > 2^32
const SEPARATOR = '_'

const base62 = (value: bigint, length: number): string => {
  let rest = value
  let text = ''
  for (let i = 0; i < length; i++) {
    text = BASE62[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}

const toNumber = (bytes: Uint8Array): bigint => {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  return crc
})

const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** The CRC-32 in base62. Plain numbers, because BigInt would cost most of a key check. */
const checksum = (text: string): string => {
  let rest = crc32(text)
  let written = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    written = BASE62[rest % 62] + written
    rest = Math.floor(rest / 62)
  }
  return written
}

/**
 * The id of the key that belongs to a grant: the first 128 bits of SHA-256 over the grant's id, 22
 * characters base62. Derived, so that one grant has one key only.
 */
export const keyIdOf = (grantId: string): string =>
  base62(toNumber(digest(grantId).subarray(0, 16)), ID_LENGTH)

/** The parts of an API key. */
export interface ApiKeyParts {
  /** 1 to 32 letters, digits or `._~-`. */
  readonly prefix: string
  /** 22 characters base62. */
  readonly keyId: string
  /** 32 bytes. */
  readonly secret: Uint8Array
}

/**
 * Writes an API key: prefix, 22 characters of its id, `_`, 43 of the secret, and 6 of a checksum, all
 * base62. The checksum is the CRC-32 of everything before it. With the longest prefix it has 104 characters.
 */
export const formatApiKey = ({ prefix, keyId, secret }: ApiKeyParts): string => {
  const text = prefix + keyId + SEPARATOR + base62(toNumber(secret), SECRET_LENGTH)
  return text + checksum(text)
}

const FORM = new RegExp(
  `^[A-Za-z0-9._~-]{1,32}([0-9A-Za-z]{${ID_LENGTH}})${SEPARATOR}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`,
)

/**
 * The id that an API key names, if the text has the form of a key and its checksum holds. Any prefix
 * counts, because keys outlive a change of the policy. The id alone proves nothing.
 * @returns `undefined` if the text is no API key
 */
export const parseApiKey = (text: string): string | undefined => {
  const keyId = FORM.exec(text)?.[1]
  if (keyId === undefined) return undefined
  const body = text.slice(0, -CHECKSUM_LENGTH)
  return checksum(body) === text.slice(-CHECKSUM_LENGTH) ? keyId : undefined
}
