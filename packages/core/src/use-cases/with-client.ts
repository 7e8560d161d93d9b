import type { ClientRegistry } from '../ports.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'

/** Adds what the registry knows of the client of a reply, if it names one. */
export const withClient = async <R extends object>(
  reply: R,
  clientId: string | undefined,
  clients: ClientRegistry | undefined,
): Promise<R & { readonly client?: RegisteredClient }> => {
  if (clientId === undefined || !clients) return reply
  const client = await clients.find(clientId)
  return client ? { ...reply, client } : reply
}
