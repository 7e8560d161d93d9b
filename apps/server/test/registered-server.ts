import { createServer } from 'node:http'
import {
  type CatalogueScope,
  createPolicy,
  createStaticClientRegistry,
  createUseCases,
  type Policy,
  type UseCases,
} from '@device-grant/core'
import { createDeviceGrantRouter, type SignInFactory } from '@device-grant/http-koa'
import { TestClock } from '@device-grant/test-support/clock'
import { listen } from '@device-grant/test-support/loopback'
import type { ExecutionContext } from 'ava'
import { createApp } from '#src/app.js'
import { type ServerStores, storesOfTest } from './stores-of-tests.ts'

/** An application that knows one client and three scopes. */
export interface RegisteredServer {
  /** Its origin, without a trailing slash. */
  readonly url: string
  readonly clock: TestClock
  readonly useCases: UseCases
  readonly stores: ServerStores
  /** The scopes at present. A test may change them. */
  readonly catalogue: Map<string, CatalogueScope>
}

/** Runs an application whose client `cli` is registered, with a catalogue and a clock that stands still. */
export const startRegisteredServer = async (
  t: ExecutionContext,
  signIn: SignInFactory,
  changes: Partial<Policy> = {},
): Promise<RegisteredServer> => {
  const clock = new TestClock()
  const stores = await storesOfTest(clock)
  const catalogue = new Map<string, CatalogueScope>([
    [
      'projects:read',
      {
        description: { text: 'See your projects', translations: { de: 'Ihre Projekte sehen' } },
        required: true,
      },
    ],
    [
      'projects.write[all]',
      {
        description: { text: 'Change your projects', translations: { de: 'Ihre Projekte ändern' } },
        sensitive: true,
      },
    ],
    ['billing', { description: { text: 'See your invoices' } }],
  ])
  const useCases = createUseCases({
    ...stores,
    clock,
    monotonic: clock.now,
    policy: createPolicy({ keyCheckMaxAgeMs: 0, intervalMs: 1_000, ...changes }),
    clients: createStaticClientRegistry([
      {
        clientId: 'cli',
        name: { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile' } },
        homepage: 'https://acme.example',
        authentication: { method: 'none' },
      },
    ]),
    scopes: { scopes: () => catalogue },
  })
  const server = createServer()
  t.teardown(() => void server.close())
  const url = await listen(server)
  const deviceGrant = createDeviceGrantRouter({
    useCases,
    publicUrl: url,
    signIn,
    sessionSecret: 'only for this test, but long enough',
    trustedProxies: ['127.0.0.1'],
    clock,
  })
  const app = createApp({
    deviceGrant,
    authenticateApiKey: useCases.authenticateApiKey,
    publicUrl: url,
    stores: [],
    clock,
    isStopping: () => false,
    onError: (error) => t.log(error),
  })
  server.on('request', app.callback())
  return { url, clock, useCases, stores, catalogue }
}

/** All scopes that the client may ask for. */
export const ALL_SCOPES = 'projects:read projects.write[all] billing'
