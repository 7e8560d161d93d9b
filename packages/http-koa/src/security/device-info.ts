import type { IncomingMessage } from 'node:http'
import type { DeviceInfo } from '@device-grant/core'
import { type AddressSet, clientAddress } from './client-address.ts'

const MAX_USER_AGENT = 100

/** The address and program that a request came from. The `User-Agent` is cut to 100 characters. */
export const deviceInfoOf = (request: IncomingMessage, trustedProxies: AddressSet): DeviceInfo => {
  const address = clientAddress(request, trustedProxies)
  const userAgent = request.headers['user-agent']?.slice(0, MAX_USER_AGENT)
  return { address, userAgent: userAgent || undefined }
}
