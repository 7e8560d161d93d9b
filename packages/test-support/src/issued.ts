import type { AuthorizationRefusal, DeviceAuthorization } from '@device-grant/core'

/**
 * The codes of an answer that has some.
 * @throws {Error} if the request was refused
 */
export const issued = (reply: DeviceAuthorization | AuthorizationRefusal): DeviceAuthorization => {
  if (reply.outcome !== 'issued') throw new Error(`refused: ${reply.outcome}`)
  return reply
}
