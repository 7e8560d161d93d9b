import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createMemoryStores, createUseCases, type UseCases } from '@device-grant/core'
import {
  allowedMethods,
  createDeviceGrantRouter,
  type DeviceGrantRouter,
  type Route,
  type SignInFactory,
} from '@device-grant/http-koa'
import { type Answer, FORM, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'

const FRONT_END = 'https://app.example'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'] as const

const clock = { now: Date.now }
const memoryUseCases = (): UseCases => createUseCases({ ...createMemoryStores({ clock }), clock })

const alice: SignInFactory = (host) => ({
  person: async () => ({ id: 'alice', name: 'Alice', binding: 'alice' }),
  begin: async (ctx) => host.showMessage(ctx, 401, { kind: 'sign_in_failed' }),
  handle: async (ctx) => host.showMessage(ctx, 200, { kind: 'signed_out' }),
  signOut: async () => undefined,
})

const stranger: SignInFactory = (host) => ({ ...alice(host), person: async () => undefined })

const serve = async (
  t: ExecutionContext,
  options: Partial<Parameters<typeof createDeviceGrantRouter>[0]> = {},
): Promise<{ readonly url: string; readonly router: DeviceGrantRouter }> => {
  const router = createDeviceGrantRouter({
    useCases: memoryUseCases(),
    publicUrl: 'https://login.example/auth',
    prefix: '/auth',
    signIn: alice,
    sessionSecret: 'only for this test, but long enough',
    frontEndOrigins: [FRONT_END],
    authorizeLimit: 0,
    onError: (error) => t.log(error),
    ...options,
  })
  const app = new Koa()
  app.use(router.routes())
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  return { url: await listen(server), router }
}

/** A path that a row matches. */
const samplesOf = ({ path }: Route): string[] =>
  [path].flat().map((one) => one.replace(':name', 'style.css').replace(/:\w+/, 'x'))

/** Every path with every method, and the row that it belongs to. */
const everyRequest = ({ table }: DeviceGrantRouter) =>
  table.rows.flatMap((row) =>
    samplesOf(row).flatMap((path) => METHODS.map((method) => ({ row, path, method }))),
  )

const corsOf = ({ headers }: Answer): readonly (string | undefined)[] => [
  headers['access-control-allow-origin'],
  headers['access-control-allow-credentials'],
  headers['access-control-allow-methods'],
]

/** The CORS headers that a row says a page of this origin gets. */
const expectedCors = (
  { cors, methods }: Route,
  method: string,
  origin: string,
): readonly (string | undefined)[] => {
  const preflight = method === 'OPTIONS' ? Object.keys(methods).join(', ') : undefined
  if (cors?.origins === '*') return ['*', undefined, preflight]
  if (cors?.origins.has(origin)) return [origin, 'true', preflight]
  return [undefined, undefined, undefined]
}

for (const origin of [FRONT_END, 'https://other.example']) {
  test(`every path answers every method as its row says, for pages of ${origin}`, async (t) => {
    const { url, router } = await serve(t)
    const requests = everyRequest(router)
    t.true(requests.length >= 16 * METHODS.length)
    for (const { row, path, method } of requests) {
      const answer = await send(url, { method, path, headers: { origin } })
      const what = `${method} ${path}: ${answer.status}`
      const allow = allowedMethods(row)
      const isAllowed = allow.some((one) => one === method)
      if (method === 'OPTIONS') t.is(answer.status, isAllowed ? 204 : 405, what)
      else if (isAllowed) t.true(answer.status < 500 && answer.status !== 405, what)
      else t.is(answer.status, 405, what)
      t.is(answer.headers.allow, isAllowed ? undefined : allow.join(', '), what)
      t.deepEqual(corsOf(answer), expectedCors(row, method, origin), what)
      if (method === 'HEAD' || answer.status === 204) t.is(answer.text, '', what)
    }
  })
}

test('a page of any origin may set any header where there are no cookies', async (t) => {
  const { url, router } = await serve(t)
  const asked = 'content-type,mcp-protocol-version, traceparent'
  const headers = { origin: 'https://other.example', 'access-control-request-headers': asked }
  const open = router.table.rows.filter(({ cors }) => cors?.origins === '*').flatMap(samplesOf)
  t.true(open.includes('/auth/.well-known/oauth-authorization-server'))
  for (const path of open) {
    const answer = await send(url, { method: 'OPTIONS', path, headers })
    t.is(answer.status, 204, path)
    t.is(answer.headers['access-control-allow-headers'], asked, path)
  }
})

test('a browser gets the same statuses, as pages without CORS where people go', async (t) => {
  const { url, router } = await serve(t)
  for (const { row, path, method } of everyRequest(router)) {
    const headers = { accept: 'text/html,*/*;q=0.8', origin: FRONT_END }
    const answer = await send(url, { method, path, headers })
    if (answer.status !== 405) continue
    const isPage = answer.headers['content-type']?.startsWith('text/html')
    t.is(answer.headers.allow, allowedMethods(row).join(', '), path)
    t.is(isPage, row.methodNotAllowed !== undefined, path)
    if (isPage) t.deepEqual(corsOf(answer), [undefined, undefined, undefined], path)
  }
})

/** Use cases that record which of them were called. */
const recorded = (calls: string[]): UseCases => {
  const useCases = memoryUseCases()
  const record =
    <T extends unknown[], R>(name: string, useCase: (...parameters: T) => R) =>
    (...parameters: T): R => {
      calls.push(name)
      return useCase(...parameters)
    }
  return {
    ...useCases,
    reviewUserCode: record('reviewUserCode', useCases.reviewUserCode),
    releaseUserCode: record('releaseUserCode', useCases.releaseUserCode),
    answerUserCode: record('answerUserCode', useCases.answerUserCode),
    listApiKeys: record('listApiKeys', useCases.listApiKeys),
    renameDevice: record('renameDevice', useCases.renameDevice),
    revokeApiKey: record('revokeApiKey', useCases.revokeApiKey),
    revokeAllApiKeys: record('revokeAllApiKeys', useCases.revokeAllApiKeys),
  }
}

/** Sends every request of the table, as a page and as JSON, with a code and a decision. */
const sendAll = async (
  { url, router }: { readonly url: string; readonly router: DeviceGrantRouter },
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const body = 'user_code=WDJB-MJHT&decision=approve&device_name=Tablet'
  for (const { path, method } of everyRequest(router)) {
    for (const accept of ['text/html', 'application/json']) {
      const sent = { ...headers, accept, 'content-type': FORM }
      const query = ['GET', 'HEAD'].includes(method) ? '?user_code=WDJB-MJHT' : ''
      await send(url, { method, path: path + query, headers: sent, body })
    }
  }
}

test('without a signed-in person, no row reaches a use case for people', async (t) => {
  const calls: string[] = []
  await sendAll(await serve(t, { useCases: recorded(calls), signIn: stranger }))
  t.deepEqual(calls, [])
})

test('requests of other sites reach no use case that changes something', async (t) => {
  const calls: string[] = []
  const served = await serve(t, { useCases: recorded(calls) })
  await sendAll(served, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
  t.deepEqual([...new Set(calls)].toSorted(), ['listApiKeys'])
})

test('requests of programs reach every use case but those of forms', async (t) => {
  const calls: string[] = []
  await sendAll(await serve(t, { useCases: recorded(calls) }))
  t.deepEqual([...new Set(calls)].toSorted(), [
    'answerUserCode',
    'listApiKeys',
    'renameDevice',
    'reviewUserCode',
    'revokeApiKey',
  ])
})

test('docs/http.md lists the same paths, methods and origins', async (t) => {
  const text = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8')
  const [ofRouter = ''] = text.split('only in the server**')
  const documented = [...ofRouter.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \| ([\w, ]+) \|$/gm)].map(
    ([, path = '', methods = '', origins = '']) => `${path} ${methods} ${origins}`,
  )
  const { router } = await serve(t, { publicUrl: 'https://login.example', prefix: '' })
  const actual = router.table.rows.flatMap((row) =>
    [row.path].flat().map((path) => {
      const methods = allowedMethods(row).join(', ')
      return `${path.replace(/:(\w+)/, '{$1}')} ${methods} ${originsOf(row)}`
    }),
  )
  t.deepEqual(documented.toSorted(), actual.toSorted())
})

test('Apache in docs/sign-in.md signs people in on their paths, and on no others', async (t) => {
  const read = (file: string) => readFile(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')
  const [, pattern = ''] = /<LocationMatch "(.+)">/.exec(await read('sign-in.md')) ?? []
  const [, ...groups] = (await read('http.md')).split(/^\| \*\*for (?=.*\*\* \| \| \|$)/m)
  const paths = groups.flatMap((group) =>
    [...group.matchAll(/^\| `(\/[^`]*)` \| [A-Z, ]+ \| [\w, ]+ \|$/gm)].map(([, path = '']) => ({
      path,
      isOfPeople:
        /^(people|a front end)/.test(group) && !/^\/device\/?$|\/assets\/\{name\}$/.test(path),
    })),
  )
  t.true(paths.length > 30)
  for (const { path, isOfPeople } of paths) t.is(new RegExp(pattern).test(path), isOfPeople, path)
})

const originsOf = ({ cors }: Route): string =>
  cors === undefined ? 'none' : cors.origins === '*' ? 'all' : 'front ends'
