import { createServer } from 'node:http'
import { createRedisStores, type RedisClient } from '@device-grant/adapter-redis'
import {
  type ClientRegistry,
  createPolicy,
  createStaticClientRegistry,
  createUseCases,
  type RegisteredClient,
  type UseCases,
} from '@device-grant/core'
import {
  authenticateClients,
  createDeviceGrantRouter,
  forwardedSignIn,
  requireApiKey,
  sendJson,
} from '@device-grant/http-koa'
import { TestClock } from '@device-grant/test-support/clock'
import { listen } from '@device-grant/test-support/loopback'
import type { ExecutionContext } from 'ava'
import Koa from 'koa'
import { storesOfTest } from './stores-of-tests.ts'

/** A pause of an answer, which a test ends. */
export interface HeldPause {
  readonly ms: number
  readonly signal: AbortSignal
  end(): void
}

/** A server with a registry of clients. */
export interface RegistryServer {
  readonly url: string
  readonly clock: TestClock
  readonly useCases: UseCases
  /** Refused clients, as `reason id`. */
  readonly refused: string[]
  /** Errors that were answered with an error. */
  readonly errors: unknown[]
  readonly pauses: HeldPause[]
  /** Whether pauses wait for `end`. They end at once otherwise. */
  holdPauses: boolean
  /** Fails every look-up of a client from now on. */
  registryError: Error | undefined
  /** Fails every use of an assertion from now on. */
  assertionsError: Error | undefined
}

export interface RegistryServerOptions {
  readonly clients: readonly RegisteredClient[]
  readonly clock?: TestClock
  /** The issuer, if it is not the address of the server itself. */
  readonly publicUrl?: string
  /** @default in memory */
  readonly redis?: RedisClient | undefined
  readonly fetch?: typeof fetch
}

/** Runs the router on a port of loopback. `X-Forwarded-User` signs people in. */
export const startRegistryServer = async (
  t: ExecutionContext,
  { clients, clock = new TestClock(), publicUrl, redis, fetch }: RegistryServerOptions,
): Promise<RegistryServer> => {
  const server = createServer()
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = await listen(server)
  const own = await storesOfTest(clock)
  const stores = { ...own, ...(redis ? createRedisStores(redis, { timeoutMs: 30_000 }) : {}) }
  const known = createStaticClientRegistry(clients)
  const registry: ClientRegistry = {
    find: async (clientId) => {
      if (started.registryError) throw started.registryError
      return known.find(clientId)
    },
  }
  const policy = createPolicy({ intervalMs: 1_000 })
  const useCases = createUseCases({ ...stores, clock, policy, clients: registry })
  const started: RegistryServer = {
    url,
    clock,
    useCases,
    refused: [],
    errors: [],
    pauses: [],
    holdPauses: false,
    registryError: undefined,
    assertionsError: undefined,
  }
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: publicUrl ?? url,
    sessionSecret: 'only for this test, but long enough',
    signIn: forwardedSignIn({ header: 'x-forwarded-user' }),
    trustedProxies: ['127.0.0.1'],
    authorizeLimit: 0,
    clock,
    onError: (error) => void started.errors.push(error),
    clients: authenticateClients({
      registry,
      usedAssertions: {
        update: async (id, transition) => {
          if (started.assertionsError) throw started.assertionsError
          return stores.usedAssertions.update(id, transition)
        },
      },
      clock,
      ...(fetch ? { fetch } : {}),
      onRefused: (reason, clientId) => void started.refused.push(`${reason} ${clientId}`),
      pause: (ms, signal) =>
        new Promise((resolve) => {
          started.pauses.push({ ms, signal, end: resolve })
          signal.addEventListener('abort', () => resolve())
          if (!started.holdPauses) resolve()
        }),
    }),
  })
  const app = new Koa()
  app.use(router.routes())
  app.use(requireApiKey(useCases.authenticateApiKey))
  app.use((ctx) => sendJson(ctx, { owner: ctx.state['apiKey'].owner }))
  server.on('request', app.callback())
  return started
}
