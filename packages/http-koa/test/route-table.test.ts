import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import {
  ANY_ORIGIN,
  createRouteTable,
  frontEndCors,
  pathParameter,
  routePathOf,
} from '@device-grant/http-koa'
import { type Answer, type Sent, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa, { type Context, type Middleware } from 'koa'
import { sendJson } from '#src/http/json-response.js'
import type { Route } from '#src/http/route-table.js'
import { reportRoutes } from './own-routes.ts'

/** Serves a table, with `next` behind it. Returns a function that sends one request to it. */
const serve = async (
  t: ExecutionContext,
  rows: readonly Route[],
): Promise<(sent: Sent) => Promise<Answer>> => {
  const app = new Koa()
  app.silent = true
  app.use(createRouteTable(rows).routes())
  app.use((ctx) => {
    ctx.body = 'next'
  })
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  return (sent) => send(url, { method: 'GET', ...sent })
}

const sends =
  (text: string): Middleware =>
  (ctx) => {
    ctx.body = text
  }

test('a response that was sent already gets no more headers, and no error', async (t) => {
  const errors: unknown[] = []
  const app = new Koa()
  app.on('error', (error) => errors.push(error))
  let late: Promise<void> | undefined
  app.use((ctx, next) => {
    ctx.respond = false
    ctx.res.end('early')
    late = next()
  })
  const headers = { 'X-Late': 'yes' }
  const methods = { GET: [(ctx: Context) => sendJson(ctx, { late: true })] }
  app.use(createRouteTable([{ path: '/', cors: ANY_ORIGIN, headers, methods }]).routes())
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  const answer = await send(await listen(server), { method: 'GET', path: '/' })
  t.is(answer.text, 'early')
  await late
  t.is(answer.headers['x-late'], undefined)
  t.deepEqual(errors, [])
})

test('a row answers its own methods, HEAD with GET, and refuses all others with Allow', async (t) => {
  const request = await serve(t, [
    { path: '/a', methods: { GET: [sends('get')], POST: [sends('post')] } },
    { path: '/b', methods: { DELETE: [sends('delete')] } },
  ])
  t.is((await request({ path: '/a' })).text, 'get')
  t.is((await request({ path: '/a', method: 'POST' })).text, 'post')
  const head = await request({ path: '/a', method: 'HEAD' })
  t.is(head.status, 200)
  t.is(head.headers['content-length'], '3')
  t.is((await request({ path: '/b', method: 'DELETE' })).text, 'delete')
  for (const [method, path, allow] of [
    ['PUT', '/a', 'GET, HEAD, POST'],
    ['OPTIONS', '/a', 'GET, HEAD, POST'],
    ['PROPFIND', '/a', 'GET, HEAD, POST'],
    ['GET', '/b', 'DELETE'],
    ['HEAD', '/b', 'DELETE'],
  ] as const) {
    const refused = await request({ path, method })
    t.is(refused.status, 405, `${method} ${path}`)
    t.is(refused.headers.allow, allow)
    if (method !== 'HEAD') t.true(refused.text.includes(`must be one of ${allow}`), refused.text)
  }
})

test('middleware above a table knows the row that answered', async (t) => {
  const app = new Koa()
  const found: unknown[] = []
  app.use(async (ctx, next) => {
    await next()
    found.push(routePathOf(ctx))
  })
  const rows = [{ path: ['/a', '/b/:id/c'], methods: { GET: [sends('row')] } }]
  app.use(createRouteTable(rows).routes())
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  for (const path of ['/a', '/b/secret/c', '/secret']) await send(url, { method: 'GET', path })
  await send(url, { method: 'PUT', path: '/a' })
  t.deepEqual(found, ['/a', '/b/:id/c', undefined, '/a'])
})

test('paths match exactly, and all others go to the next middleware', async (t) => {
  const request = await serve(t, [
    { path: ['/a', '/b/c'], methods: { GET: [sends('row')] } },
    { path: '/d/:id/e', methods: { GET: [sends('row')] } },
  ])
  for (const path of ['/a', '/b/c', '/a?x=1', '/d/1/e', '/d/%2F/e']) {
    t.is((await request({ path })).text, 'row', path)
  }
  for (const path of [
    '/',
    '/a/',
    '/A',
    '/%61',
    '//a',
    '/a/b',
    '/b',
    '/d/e',
    '/d//e',
    '/d/1/e/',
    '/d/1/2/e',
    '/d/1/E',
    '/d/:id/e/',
  ]) {
    t.is((await request({ path })).text, 'next', path)
  }
})

test('a segment of the path is a parameter, percent-decoded where it can be', async (t) => {
  const parameters = (ctx: Context): void => {
    ctx.body = `${pathParameter(ctx, 'a')} ${pathParameter(ctx, 'b')}`
  }
  const request = await serve(t, [{ path: '/:a/x/:b', methods: { GET: [parameters] } }])
  for (const [path, text] of [
    ['/1/x/2', '1 2'],
    ['/%2F%20/x/%C3%A9', '/  é'],
    ['/%E0%A4%A/x/%', '%E0%A4%A %'],
    ['/__proto__/x/constructor', '__proto__ constructor'],
  ] as const) {
    t.is((await request({ path })).text, text)
  }
})

test('a parameter that the path does not have is an error', async (t) => {
  const wrong = (ctx: Context): void => {
    ctx.body = pathParameter(ctx, 'name')
  }
  const request = await serve(t, [
    { path: '/:id', methods: { GET: [wrong] } },
    { path: '/', methods: { GET: [wrong] } },
  ])
  t.is((await request({ path: '/1' })).status, 500)
  t.is((await request({ path: '/' })).status, 500)
})

test('an exact path wins over a parameter, and the first of two patterns wins', async (t) => {
  const request = await serve(t, [
    { path: '/keys/:id', methods: { DELETE: [sends('one')] } },
    { path: '/keys/all', methods: { POST: [sends('all')] } },
    { path: '/:any/:id', methods: { DELETE: [sends('other')] } },
  ])
  t.is((await request({ path: '/keys/1', method: 'DELETE' })).text, 'one')
  t.is((await request({ path: '/keys/all', method: 'POST' })).text, 'all')
  t.is((await request({ path: '/keys/all', method: 'DELETE' })).headers.allow, 'POST')
  t.is((await request({ path: '/x/1', method: 'DELETE' })).text, 'other')
})

test('the middleware of a method runs in order, and errors of the last reach the first', async (t) => {
  const trace: string[] = []
  const step =
    (name: string): Middleware =>
    async (_, next) => {
      trace.push(`${name} in`)
      try {
        await next()
      } finally {
        trace.push(`${name} out`)
      }
    }
  const fail = (): never => {
    throw new Error('The test lets the last step fail')
  }
  const request = await serve(t, [
    { path: '/ok', methods: { GET: [step('a'), step('b'), sends('done')] } },
    { path: '/fail', methods: { GET: [step('a'), fail] } },
  ])
  t.is((await request({ path: '/ok' })).text, 'done')
  t.deepEqual(trace.splice(0), ['a in', 'b in', 'b out', 'a out'])
  t.is((await request({ path: '/fail' })).status, 500)
  t.deepEqual(trace, ['a in', 'a out'])
})

test('with CORS for every origin, OPTIONS tells what may be called', async (t) => {
  const request = await serve(t, [
    { path: '/', cors: ANY_ORIGIN, methods: { GET: [sends('a')], POST: [sends('b')] } },
  ])
  const headers = { origin: 'https://any.example' }
  const preflight = await request({
    path: '/',
    method: 'OPTIONS',
    headers: { ...headers, 'access-control-request-headers': 'x-any, authorization' },
  })
  t.is(preflight.status, 204)
  t.is(preflight.headers['access-control-allow-origin'], '*')
  t.is(preflight.headers['access-control-allow-methods'], 'GET, POST')
  t.is(preflight.headers['access-control-allow-headers'], 'x-any, authorization')
  t.is(preflight.headers.vary, 'Access-Control-Request-Headers')
  t.is(preflight.headers['access-control-max-age'], '86400')
  const read = await request({ path: '/', headers })
  t.is(read.headers['access-control-allow-origin'], '*')
  t.is(read.headers['access-control-allow-methods'], undefined)
  t.is(read.headers['access-control-allow-credentials'], undefined)
  const refused = await request({ path: '/', method: 'PUT', headers })
  t.is(refused.headers.allow, 'GET, HEAD, POST, OPTIONS')
  t.is(refused.headers['access-control-allow-origin'], '*')
})

test('a preflight request that asks for no header, or a malformed one, gets none', async (t) => {
  const request = await serve(t, [{ path: '/', cors: ANY_ORIGIN, methods: { GET: [sends('a')] } }])
  for (const asked of [undefined, '', 'x: y', '"', '\u00e9']) {
    const headers = asked === undefined ? {} : { 'access-control-request-headers': asked }
    const preflight = await request({ path: '/', method: 'OPTIONS', headers })
    t.is(preflight.status, 204)
    t.is(preflight.headers['access-control-allow-headers'], undefined)
  }
})

test('with CORS for front ends, only theirs are allowed', async (t) => {
  const cors = frontEndCors(['https://app.example'])
  const request = await serve(t, [{ path: '/', cors, methods: { DELETE: [sends('gone')] } }])
  for (const [origin, allowed] of [
    ['https://app.example', 'https://app.example'],
    ['https://evil.example', undefined],
    ['null', undefined],
    ['', undefined],
  ] as const) {
    for (const method of ['OPTIONS', 'DELETE', 'GET']) {
      const { headers } = await request({ path: '/', method, headers: { origin } })
      t.is(headers.vary, 'Origin')
      t.is(headers['access-control-allow-origin'], allowed)
      t.is(headers['access-control-allow-credentials'], allowed && 'true')
      const methods = method === 'OPTIONS' ? allowed && 'DELETE' : undefined
      t.is(headers['access-control-allow-methods'], methods)
    }
  }
})

test('headers of a row are on every response, and a row may send its own 405', async (t) => {
  const request = await serve(t, [
    {
      path: '/',
      headers: { 'Cache-Control': 'no-store' },
      cors: ANY_ORIGIN,
      methods: { GET: [sends('a')] },
      methodNotAllowed: (ctx, allow) => {
        ctx.status = 405
        ctx.body = `only ${allow}`
      },
    },
  ])
  for (const method of ['GET', 'OPTIONS', 'POST']) {
    t.is((await request({ path: '/', method })).headers['cache-control'], 'no-store', method)
  }
  const refused = await request({ path: '/', method: 'POST' })
  t.is(refused.text, 'only GET, HEAD, OPTIONS')
  t.is(refused.headers.allow, 'GET, HEAD, OPTIONS')
})

test('two rows with the same path are refused', (t) => {
  const row = { path: '/a', methods: {} }
  for (const rows of [
    [row, row],
    [row, { path: ['/b', '/a'], methods: {} }],
    [
      { path: '/:id', methods: {} },
      { path: '/:id', methods: {} },
    ],
  ]) {
    t.throws(() => createRouteTable(rows), { instanceOf: TypeError, message: /have the path/ })
  }
})

test('the rows in the README are those that this test serves', async (t) => {
  const withKey: Middleware = (ctx, next) => {
    ctx.state['apiKey'] = { owner: 'ann' }
    return next()
  }
  const request = await serve(t, reportRoutes(withKey))
  const report = await request({ path: '/api/reports/7' })
  t.deepEqual(JSON.parse(report.text), { report: '7', owner: 'ann' })
  t.is((await request({ path: '/api/reports/7', method: 'POST' })).headers.allow, 'GET, HEAD')
  const read = (path: string): Promise<string> =>
    readFile(new URL(`../../../packages/http-koa/${path}`, import.meta.url), 'utf8')
  t.true((await read('README.md')).includes(await read('test/own-routes.ts')))
})
