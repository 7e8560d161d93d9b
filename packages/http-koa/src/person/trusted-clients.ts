import type { DeviceAuthorizationRequest } from '@device-grant/core'

/** The operator's names for clients, by client id. Any program can send such an id. */
export type TrustedClients = Readonly<Record<string, string>>

/** The operator's name for a client, if there is one. */
export const trustedNameOf = (
  clients: TrustedClients,
  clientId: string | undefined,
): string | undefined =>
  clientId !== undefined && Object.hasOwn(clients, clientId) ? clients[clientId] : undefined

/** A key as pages show it, with the operator's name for its client. */
export const shownKey = <K extends { readonly request: DeviceAuthorizationRequest }>(
  key: K,
  clients: TrustedClients,
): K & { readonly trustedName?: string | undefined } => ({
  ...key,
  trustedName: trustedNameOf(clients, key.request.clientId),
})
