import type { IncomingMessage } from 'node:http'
import type { DeviceInfo } from '@device-grant/core'
import { type AddressSet, clientAddress } from './client-address.ts'

const MAX_USER_AGENT = 100

/** Where a request came from and by which program, fit to be kept and shown. */
export const deviceInfoOf = (request: IncomingMessage, trusted: AddressSet): DeviceInfo => {
  const address = clientAddress(request, trusted)
  const userAgent = request.headers['user-agent']?.slice(0, MAX_USER_AGENT)
  return { address, userAgent: userAgent || undefined }
}
