import { createServer } from 'node:http'
import {
  createMemoryStores,
  createUseCases,
  StoreUnavailableError,
  type UseCases,
} from '@device-grant/core'
import {
  checkForProxies,
  createDeviceGrantRouter,
  createRouteTable,
  type DeviceGrantRouterOptions,
  introspection,
  requireApiKey,
  type SignInFactory,
} from '@device-grant/http-koa'
import { post as form, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa, { type Context } from 'koa'

const clock = { now: Date.now }

const alice: SignInFactory = (host) => ({
  person: async () => ({ id: 'alice', name: 'Alice', binding: 'alice' }),
  begin: async (ctx) => host.showMessage(ctx, 401, { kind: 'sign_in_failed' }),
})

/** An application whose use cases all fail. It records what is emitted at it. */
const serve = async (
  t: ExecutionContext,
  failure: unknown,
  options: Partial<Pick<DeviceGrantRouterOptions, 'onError' | 'errorReferenceOf'>> = {},
): Promise<{ readonly url: string; readonly emitted: (readonly [unknown, string])[] }> => {
  const fails = async (): Promise<never> => {
    throw failure
  }
  const real = createUseCases({ ...createMemoryStores({ clock }), clock })
  const useCases = Object.fromEntries(
    Object.keys(real).map((name) => [name, fails]),
  ) as unknown as UseCases
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: 'https://login.example',
    sessionSecret: 'a secret of thirty-two characters',
    signIn: alice,
    ...options,
  })
  const app = new Koa()
  const emitted: (readonly [unknown, string])[] = []
  app.on('error', (error: unknown, ctx: Context) => emitted.push([error, ctx.path]))
  app.use(router.routes())
  app.use(requireApiKey(fails, options))
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  return { url: await listen(server), emitted }
}

/** Sends a request that fails to every kind of endpoint, and returns the statuses. */
const failEverywhere = async (url: string): Promise<readonly number[]> => {
  const base = '/oauth/device'
  const answers = [
    await form(url, `${base}/authorize`, {}),
    await form(url, `${base}/token`, { device_code: 'x' }),
    await send(url, { method: 'GET', path: `${base}/keys`, headers: { accept: 'text/html' } }),
    await form(url, `${base}/verify-authenticated`, { user_code: 'WDJB-MJHT' }),
    await send(url, {
      method: 'GET',
      path: '/api',
      headers: { authorization: 'Bearer dg_key' },
    }),
  ]
  return answers.map(({ status }) => status)
}

const PATHS = ['authorize', 'token', 'keys', 'verify-authenticated'].map(
  (name) => `/oauth/device/${name}`,
)

test('without onError every error is emitted at the application', async (t) => {
  const down = new StoreUnavailableError('The test has taken this store down')
  const { url, emitted } = await serve(t, down)
  t.deepEqual(await failEverywhere(url), [503, 400, 503, 503, 503])
  t.deepEqual(
    emitted,
    [...PATHS, '/api'].map((path) => [down, path] as const),
  )
})

test('error pages show the reference, and nothing else does', async (t) => {
  const errorReferenceOf = (ctx: Context): string => `ref <${ctx.path}>`
  const down = new StoreUnavailableError('The test has taken this store down')
  const { url } = await serve(t, down, { errorReferenceOf })
  const open = (path: string, language = 'en') =>
    send(url, {
      method: 'GET',
      path: `/oauth/device/${path}`,
      headers: { accept: 'text/html', 'accept-language': language },
    })
  t.regex((await open('keys')).text, /<dt>Reference<\/dt>.*ref &lt;\/oauth\/device\/keys>/)
  t.regex((await open('keys', 'de')).text, /<dt>Referenz<\/dt>/)
  t.notRegex((await open('nowhere')).text, /ref &lt;/)
  t.notRegex((await form(url, '/oauth/device/verify-authenticated', {})).text, /ref /)
  const without = await serve(t, down)
  const { text } = await send(without.url, {
    method: 'GET',
    path: '/oauth/device/keys',
    headers: { accept: 'text/html' },
  })
  t.notRegex(text, /Reference/)
})

test('what was thrown is emitted as an Error, because Koa throws at anything else', async (t) => {
  const { url, emitted } = await serve(t, 'a text')
  t.deepEqual(await failEverywhere(url), [500, 400, 500, 500, 500])
  for (const [error] of emitted) t.true(error instanceof Error)
  for (const [error] of emitted.slice(0, 4)) t.is((error as Error).cause, 'a text')
})

test('with onError nothing is emitted', async (t) => {
  const down = new StoreUnavailableError('The test has taken this store down')
  const reported: unknown[] = []
  const onError = (error: unknown, operation: string): void => {
    reported.push([error, operation])
  }
  const { url, emitted } = await serve(t, down, { onError })
  await failEverywhere(url)
  t.deepEqual(emitted, [])
  const [, , keys, verifyAuthenticated] = PATHS
  t.deepEqual(
    reported,
    ['authorize', 'poll', keys, verifyAuthenticated, 'authenticate'].map((name) => [down, name]),
  )
})

test('the endpoints for services report the context of the request too', async (t) => {
  const down = new StoreUnavailableError('The test has taken this store down')
  const fails = async (): Promise<never> => {
    throw down
  }
  const reported: unknown[] = []
  const onError = (error: unknown, operation: string, ctx: Context): void =>
    void reported.push([error, operation, ctx.get('x-request-id')])
  const { rows } = introspection({
    authenticateApiKey: fails,
    registry: { find: fails },
    clients: {
      identify: () => ({ ok: true, candidates: ['gateway'], authenticated: true }),
      methods: ['client_secret_basic'],
    },
    publicUrl: 'https://login.example',
    onError,
  })
  const app = new Koa()
  app.use(checkForProxies(fails, { onError }))
  app.use(createRouteTable(rows).routes())
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  const authorization = 'Bearer dg_key'
  await send(url, {
    path: '/oauth/device/check',
    headers: { authorization, 'x-request-id': 'check' },
  })
  const path = '/oauth/device/introspect'
  await form(url, path, { token: 'dg_key' }, { 'x-request-id': 'introspect' })
  t.deepEqual(reported, [
    [down, 'authenticate', 'check'],
    [down, 'introspect a key', 'introspect'],
  ])
})
