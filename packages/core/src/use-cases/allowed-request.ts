import type { ClientRegistry, ScopeCatalogue } from '../ports.ts'
import type { Refusal } from '../rules/decision.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import { mayUseDeviceGrant, type RegisteredClient } from '../rules/registered-client.ts'
import { type AllowedScope, allowedScope, type CatalogueScopes } from '../rules/scope.ts'

/** What the operator allows of a request now, or why its client is refused. */
export type AllowedRequest =
  | {
      readonly outcome: 'allowed'
      readonly client: RegisteredClient | undefined
      readonly catalogue: CatalogueScopes | undefined
      /** What is left of the requested scope. */
      readonly scope: AllowedScope
    }
  | Extract<Refusal, { readonly outcome: 'client_refused' }>

/**
 * Asks again what a request may have, because clients and scopes may have changed since the code was
 * issued.
 * @throws {StoreError} if the registry cannot be asked
 */
export const allowedRequest = async (
  {
    clients,
    scopes,
  }: {
    readonly clients?: ClientRegistry | undefined
    readonly scopes?: ScopeCatalogue | undefined
  },
  { clientId, scope: requested }: Pick<DeviceAuthorizationRequest, 'clientId' | 'scope'>,
): Promise<AllowedRequest> => {
  const client = clientId === undefined ? undefined : await clients?.find(clientId)
  if (clients && !mayUseDeviceGrant(client)) {
    const reason = client ? 'unauthorized_client' : 'invalid_client'
    return { outcome: 'client_refused', reason }
  }
  const catalogue = scopes?.scopes()
  const scope = allowedScope(requested, { client, catalogue })
  return { outcome: 'allowed', client, catalogue, scope }
}
