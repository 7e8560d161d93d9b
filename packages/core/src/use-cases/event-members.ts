import type { EventOf } from '../events.ts'
import type { ApiKey } from '../rules/api-key.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'

/** What an event says about a grant. */
type GrantMembers = Omit<EventOf<'expired_on_poll'>, 'type' | 'at'>

/** What an event says about a key. */
type KeyMembers = Omit<EventOf<'key_used_first'>, 'type' | 'at'>

/** The members of an event about a grant. */
export const aboutGrant = (grantId: string, grant: DeviceGrant): GrantMembers => {
  const { clientId, device } = grant.request
  const { deviceName } = grant.status === 'approved' ? grant.terms : grant.request
  return { grantId, clientId, deviceName, device }
}

/** The members of an event about a key. Its name is left out, because it contains the user code. */
export const aboutKey = (
  keyId: string,
  { owner, deviceName, request }: Exclude<ApiKey, { readonly status: 'erased' }>,
): KeyMembers => ({
  keyId,
  owner,
  clientId: request.clientId,
  deviceName,
  device: request.device,
})
