import type { ClientRegistry } from '../ports.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'

/**
 * A registry of clients that do not change.
 * @throws {RangeError} if two clients have the same id
 */
export const createStaticClientRegistry = (clients: Iterable<RegisteredClient>): ClientRegistry => {
  const byId = new Map<string, RegisteredClient>()
  for (const client of clients) {
    if (byId.has(client.clientId))
      throw new RangeError(`Two clients have the id ${client.clientId}`)
    byId.set(client.clientId, client)
  }
  return { find: async (clientId) => byId.get(clientId) }
}
