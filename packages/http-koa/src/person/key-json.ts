import type { EndedKey, ListedKey } from '@device-grant/core'
import { isoTime } from '../http/iso-time.ts'

/** A key that works or waits for pick-up, as JSON. */
export const keyJson = ({
  id,
  status,
  name,
  expiresAt,
  idleExpiresAt,
  ...key
}: ListedKey): object => ({
  id,
  status,
  name,
  ...commonJson(key),
  expires_at: isoTime(expiresAt),
  idle_expires_at: isoTime(idleExpiresAt),
})

/** A key that has ended, as JSON. */
export const endedKeyJson = ({ id, ending, place, name, endedAt, ...key }: EndedKey): object => ({
  id,
  status: 'ended',
  ended_by: ending,
  place,
  name,
  ...commonJson(key),
  ended_at: isoTime(endedAt),
})

const commonJson = ({
  request,
  scope,
  deviceName,
  approvedAt,
  lastUsedAt,
}: Pick<ListedKey, 'request' | 'scope' | 'deviceName' | 'approvedAt' | 'lastUsedAt'>) => ({
  device_name: deviceName,
  client_id: request.clientId,
  scope,
  address: request.device.address,
  web_origin: request.device.webOrigin,
  user_agent: request.device.userAgent,
  approved_at: isoTime(approvedAt),
  last_used_at: isoTime(lastUsedAt),
})
