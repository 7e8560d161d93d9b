/** Names of clients that the operator vouches for, by client id. */
export type TrustedClients = Readonly<Record<string, string>>

/** The name of a client that the operator vouches for, if it is one. */
export const trustedNameOf = (
  clients: TrustedClients,
  clientId: string | undefined,
): string | undefined =>
  clientId !== undefined && Object.hasOwn(clients, clientId) ? clients[clientId] : undefined
