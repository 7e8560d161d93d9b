import type { IncomingMessage } from 'node:http'
import type { DeviceInfo } from '@device-grant/core'
import { type AddressSet, clientAddress, unlistedProxyOf } from './client-address.ts'

const MAX_USER_AGENT = 100

/** Control and format characters, lone surrogates, and separators of lines and paragraphs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Removes the characters of a text from outside that could hide or forge parts of it, and cuts the rest.
 * Texts are stored in this form.
 * @param maxLength in UTF-16 code units
 */
export const printable = (text: string, maxLength: number): string =>
  // Cut first, because the text may be long, and again without a half of a surrogate pair.
  text
    .slice(0, 4 * maxLength)
    .replace(UNPRINTABLE, '')
    .slice(0, maxLength)
    .replace(/[\ud800-\udbff]$/, '')

/** The address, proxy and program that a request came from. The `User-Agent` is cut to 100 characters. */
export const deviceInfoOf = (request: IncomingMessage, trustedProxies: AddressSet): DeviceInfo => {
  const address = clientAddress(request, trustedProxies)
  const userAgent = printable(request.headers['user-agent'] ?? '', MAX_USER_AGENT)
  const unlistedProxy = unlistedProxyOf(request, trustedProxies)
  return { address, userAgent: userAgent || undefined, unlistedProxy }
}
