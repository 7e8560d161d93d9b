import type { DeviceAuthorizationRequest, RegisteredClient } from '@device-grant/core'
import { operatorsName } from '../pages/program.tsx'

/** The operator's names for clients, by client id. Any program can send such an id. */
export type TrustedClients = Readonly<Record<string, string>>

/** The operator's name for a client, if there is one. */
export const trustedNameOf = (
  clients: TrustedClients,
  clientId: string | undefined,
): string | undefined =>
  clientId !== undefined && Object.hasOwn(clients, clientId) ? clients[clientId] : undefined

/** The operator's name for a program, if there is one. */
export const nameOfProgram = (
  {
    client,
    clientId,
  }: {
    readonly client?: RegisteredClient | undefined
    readonly clientId?: string | undefined
  },
  clients: TrustedClients,
  locale: string,
): string | undefined =>
  operatorsName({ client, trustedName: trustedNameOf(clients, clientId) }, locale)

/** A key as pages show it, with the operator's name for its client. */
export const shownKey = <K extends { readonly request: DeviceAuthorizationRequest }>(
  key: K,
  clients: TrustedClients,
): K & { readonly trustedName?: string | undefined } => ({
  ...key,
  trustedName: trustedNameOf(clients, key.request.clientId),
})
