import type { FoundKey } from '@device-grant/core'

/** The statuses of a key, as an operator sees them. */
export const KEY_STATUSES: readonly FoundKey['status'][] = [
  'waiting',
  'unused',
  'active',
  'expired',
  'revoked',
  'unknown',
]

/** A key as an operator sees it, for JSON. It has no secret and no hash. Times are ISO 8601. */
export interface FoundKeyJson {
  readonly id: string
  readonly status: FoundKey['status']
  readonly owner: string
  readonly name: string
  readonly device_name: string | undefined
  readonly client_id: string | undefined
  readonly scope: string | undefined
  readonly address: string | undefined
  readonly web_origin: string | undefined
  readonly user_agent: string | undefined
  readonly approved_at: string | undefined
  readonly last_used_at: string | undefined
  readonly expires_at: string | undefined
  readonly revoked_at: string | undefined
}

/** Writes a key for JSON. */
export const foundKeyJson = ({
  id,
  status,
  owner,
  name,
  request,
  ...key
}: FoundKey): FoundKeyJson => ({
  id,
  status,
  owner,
  name,
  device_name: key.deviceName,
  client_id: request.clientId,
  scope: key.scope,
  address: request.device.address,
  web_origin: request.device.webOrigin,
  user_agent: request.device.userAgent,
  approved_at: isoTime(key.approvedAt),
  last_used_at: isoTime(key.lastUsedAt),
  expires_at: isoTime(key.expiresAt),
  revoked_at: isoTime(key.revokedAt),
})

const isoTime = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()
