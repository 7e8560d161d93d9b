/** Names of clients that the operator vouches for, by client id. */
export type TrustedClients = Readonly<Record<string, string>>

/** The name to show for a client that is vouched for, to be spread into a view. */
export const trustedNameOf = (
  clients: TrustedClients,
  clientId: string | undefined,
): { readonly trustedName?: string } => {
  if (clientId === undefined || !Object.hasOwn(clients, clientId)) return {}
  const trustedName = clients[clientId]
  return trustedName === undefined ? {} : { trustedName }
}
