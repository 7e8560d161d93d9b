// --- the router with a registry of clients
import { createMemoryStores, createStaticClientRegistry, createUseCases } from '@device-grant/core'
import { authenticateClients, createDeviceGrantRouter, demoSignIn } from '@device-grant/http-koa'

const clock = { now: Date.now }
const stores = createMemoryStores({ clock })
const registry = createStaticClientRegistry([
  { clientId: 'acme-cli', name: { text: 'Acme CLI' }, authentication: { method: 'none' } },
])

export const router = createDeviceGrantRouter({
  useCases: createUseCases({ ...stores, clock, clients: registry }),
  clients: authenticateClients({ registry, usedAssertions: stores.usedAssertions }),
  publicUrl: 'http://localhost:3000',
  sessionSecret: 'thirty-two characters or even more …',
  signIn: demoSignIn(),
})
