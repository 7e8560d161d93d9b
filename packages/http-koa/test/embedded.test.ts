import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import {
  codeEnding,
  createMemoryStores,
  createStaticClientRegistry,
  createUseCases,
  DEFAULT_POLICY,
  MemoryStateStore,
  StoreUnavailableError,
  type UseCases,
} from '@device-grant/core'
import {
  authenticateClients,
  createDeviceGrantRouter,
  demoSignIn,
  type SignInFactory,
} from '@device-grant/http-koa'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { authorize, outcomeOf } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { formsIn } from '@device-grant/test-support/html-form'
import { FORM, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { isMetadata, logInBelow } from '@device-grant/test-support/mounted-login'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'
import { koaBody } from 'koa-body'

const SECRET = 'a secret of thirty-two characters'

test.serial('the router is part of another application in at most 15 lines', async (t) => {
  const text = await readFile(new URL('../test/embedded-app.ts', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const lines = shown.split('\n').filter((line) => line.trim() !== '')
  t.true(lines.length >= 10 && lines.length <= 15, `${lines.length} lines`)
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8')
  t.true(readme.includes(`\`\`\`ts\n${shown.trim()}\n\`\`\``), 'the README shows just this')
})

test.serial(
  'a whole login works under a prefix, next to the routes of the application',
  async (t) => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    process.env['PUBLIC_URL'] = `${origin}/auth`
    process.env['SESSION_SECRET'] = SECRET
    const { app } = await import('./embedded-app.js')
    app.keys = ['an application that signs its own cookies']
    const server = createServer(app.callback())
    await listen(server, port)
    try {
      const key = await logInBelow(t, origin, '/auth')
      const hello = await send(origin, {
        method: 'GET',
        path: '/api/reports',
        headers: { authorization: `Bearer ${key}` },
      })
      t.is(JSON.parse(hello.text), 'alice')
      t.is((await send(origin, { method: 'GET', path: '/api/reports' })).status, 401)
      t.is((await send(origin, { method: 'HEAD', path: '/api/reports' })).status, 401)
      await isMetadata(t, origin, '/auth', [
        '/.well-known/oauth-authorization-server/auth',
        '/.well-known/openid-configuration/auth',
        '/auth/.well-known/openid-configuration',
        '/auth/.well-known/oauth-authorization-server',
      ])
      for (const [method, path] of [
        ['GET', '/'],
        ['POST', '/'],
        ['GET', '/auth'],
        ['GET', '/oauth/device/verify'],
        ['POST', '/oauth/device/token'],
        ['GET', '/healthz'],
        ['GET', '/.well-known/oauth-authorization-server'],
        ['GET', '/.well-known/openid-configuration'],
        ['OPTIONS', '/.well-known/openid-configuration'],
        ['GET', '/auth/healthz'],
        ['DELETE', '/auth/other'],
        ['OPTIONS', '/'],
        // Another spelling of the path is another path, and no way around the key.
        ['GET', '/API/reports'],
        ['GET', '/api/reports/'],
        ['GET', '/api'],
      ] as const) {
        const reply = await send(origin, { method, path })
        t.is(reply.status, 200)
        t.deepEqual(membersOf(reply), { method, path })
        t.deepEqual(Object.keys(reply.headers).toSorted(), [
          'connection',
          'content-length',
          'content-type',
          'date',
        ])
      }
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  },
)

const clock = { now: Date.now }

const memoryUseCases = (capacity = 100): UseCases =>
  createUseCases({
    ...createMemoryStores({ clock }),
    grants: new MemoryStateStore({ clock, capacity }),
    clock,
  })

const aRouter = (
  more: Partial<Parameters<typeof createDeviceGrantRouter>[0]> = {},
  capacity = 100,
): ReturnType<typeof createDeviceGrantRouter> =>
  createDeviceGrantRouter({
    useCases: memoryUseCases(capacity),
    publicUrl: 'https://login.example',
    signIn: demoSignIn(),
    sessionSecret: SECRET,
    onError: () => {},
    ...more,
  })

/** Every request is Alice's. */
const alice: SignInFactory = (host) => ({
  person: async () => ({ id: 'alice', name: 'Alice', binding: 'alice' }),
  begin: async (ctx) => host.showMessage(ctx, 401, { kind: 'sign_in_failed' }),
})

const serve = async (
  t: ExecutionContext,
  router: ReturnType<typeof createDeviceGrantRouter>,
): Promise<string> => {
  const app = new Koa()
  app.use(router.routes())
  app.use((ctx) => {
    ctx.body = 'passed on'
  })
  const server = createServer(app.callback())
  t.teardown(() => void server.close())
  return listen(server)
}

test('after an outage “Try again” leads back to the same page, below the prefix too', async (t) => {
  const down = async (): Promise<never> => {
    throw new StoreUnavailableError('The test has taken this store down')
  }
  const useCases = {
    ...memoryUseCases(),
    reviewUserCode: down,
    listApiKeys: down,
    listDevices: down,
    readApiKey: down,
    revokeAllApiKeys: down,
    revokeApiKey: down,
  }
  const origin = await serve(
    t,
    aRouter({
      useCases,
      signIn: alice,
      prefix: '/auth',
      publicUrl: 'https://login.example/outside/auth',
    }),
  )
  const base = '/outside/auth/oauth/device'
  const accept = { accept: 'text/html' }
  for (const [path, retry] of [
    ['verify?user_code=wdjb%20mjht', `${base}/verify?user_code=wdjb%20mjht`],
    ['verify?user_code=%22%3E%3Cb%3E', `${base}/verify?user_code=%22%3E%3Cb%3E`],
    ['verify?user_code=X&return_to=//evil.example', `${base}/verify?user_code=X`],
    ['keys', `${base}/keys`],
    ['keys/x', `${base}/keys/x`],
    ['keys/%22%3E%3Cb%3E', `${base}/keys/%22%3E%3Cb%3E`],
  ] as const) {
    const { status, text } = await send(origin, {
      method: 'GET',
      path: `/auth/oauth/device/${path}`,
      headers: accept,
    })
    t.is(status, 503)
    t.true(text.includes(`<a class="button" href="${retry}">Try again</a>`), text)
  }
})

test('after an outage “Try again” keeps the posted code and the return path', async (t) => {
  const fails = async (): Promise<never> => {
    throw new Error('The test lets the sign-in fail')
  }
  const signIn: SignInFactory = () => ({ person: fails, begin: fails, handle: fails })
  const origin = await serve(t, aRouter({ signIn }))
  const retryOf = (text: string): string | undefined =>
    /<a class="button" href="([^"]*)">Try again</.exec(text)?.[1]
  const base = '/oauth/device'
  for (const [path, fields, retry] of [
    ['verify', { user_code: 'WDJB-MJHT' }, `${base}/verify?user_code=WDJB-MJHT`],
    ['verify', {}, `${base}/verify`],
    ['keys/revoke-all', {}, `${base}/keys`],
    ['keys/x/revoke', { user_code: 'WDJB-MJHT' }, `${base}/keys`],
    ['sign-out', {}, `${base}/verify`],
    ['sign-in', { return_to: `${base}/keys` }, `${base}/keys`],
    ['sign-in', { return_to: '//evil.example' }, `${base}/verify`],
  ] as const) {
    const { status, text } = await post(origin, `${base}/${path}`, fields)
    t.is(status, 500)
    t.is(retryOf(text), retry, path)
  }
  const { text } = await send(origin, {
    method: 'GET',
    path: `${base}/sign-in?return_to=${encodeURIComponent(`${base}/verify?user_code=X`)}`,
  })
  t.is(retryOf(text), `${base}/verify?user_code=X`)
})

test('every page shows the name of a trusted client, and no badge vouches for it', async (t) => {
  const trustedClients = { 'acme-cli': 'Acme Command Line' }
  const origin = await serve(t, aRouter({ signIn: alice, trustedClients }))
  const ask = async (client_id: string): Promise<string> => {
    const asked = await post(origin, '/oauth/device/authorize', { client_id })
    return String(membersOf(asked)['user_code'])
  }
  const browser = new BrowserLike()
  for (const [client, name, isMarked] of [
    ['acme-cli', 'Acme Command Line', false],
    ['constructor', 'constructor', true],
  ] as const) {
    const verify = `${origin}/oauth/device/verify?user_code=${await ask(client)}`
    const confirm = await browser.open(verify)
    const done = await browser.submit(confirm, '/verify', { decision: 'approve' })
    const answered = await browser.open(verify)
    const keys = await browser.open(`${origin}/oauth/device/keys`, {
      headers: { Accept: 'text/html' },
    })
    t.true(done.text.includes('Approved. Go back to your device'))
    for (const { text, url } of [confirm, done, answered, keys]) {
      t.true(text.includes(name), url)
      t.is(text.includes('Unverified'), isMarked, url)
      t.notRegex(text, /badge good/, url)
    }
    t.true(confirm.text.includes('Any program can use this name.'))
  }
})

test('the name of the registry comes before the one of trustedClients', async (t) => {
  const stores = createMemoryStores({ clock })
  const [clientId, authentication] = ['acme-cli', { method: 'none' }] as const
  const registry = createStaticClientRegistry([
    { clientId, name: { text: 'Acme CLI' }, authentication },
  ])
  const router = aRouter({
    useCases: createUseCases({ ...stores, clock, clients: registry }),
    clients: authenticateClients({ registry, usedAssertions: stores.usedAssertions }),
    signIn: alice,
    trustedClients: { 'acme-cli': 'Another name' },
  })
  const origin = await serve(t, router)
  const asked = await post(origin, '/oauth/device/authorize', { client_id: 'acme-cli' })
  const browser = new BrowserLike()
  const verify = `${origin}/oauth/device/verify?user_code=${membersOf(asked)['user_code']}`
  const confirm = await browser.open(verify)
  const approved = await browser.submit(confirm, '/verify', { decision: 'approve' })
  const revoked = await browser.submit(approved, '/revoke', {})
  for (const page of [confirm, approved, revoked]) {
    t.true(page.text.includes('Acme CLI'), page.text)
    t.false(page.text.includes('Another name'), page.text)
  }
})

test('with the safeguard codeEnding alone, only people who come by a link type the end', async (t) => {
  const safeguards = [codeEnding(DEFAULT_POLICY)]
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock, safeguards })
  const origin = await serve(t, aRouter({ useCases, signIn: alice }))
  const { user_code } = await authorize(origin, {})
  const browser = new BrowserLike()
  const verify = `${origin}/oauth/device/verify`
  const endingField = /<input[^>]*type="text"[^>]*name="code_ending"/
  t.regex((await browser.open(`${verify}?user_code=${user_code}`)).text, endingField)
  const form = formsIn((await browser.open(verify)).text)
  const fields = form.find(({ action }) => action === new URL(verify).pathname)?.fields
  const typed = await browser.open(`${verify}?${new URLSearchParams({ ...fields, user_code })}`)
  t.notRegex(typed.text, endingField)
  const done = await browser.submit(typed, '/verify', { decision: 'approve' })
  t.regex(done.text, /Approved/)
})

const METADATA = '/.well-known/oauth-authorization-server'

for (const [title, options, isAnswered] of [
  [
    'the prefix is the path of the public URL',
    { publicUrl: 'https://login.example/t/%7Eauth' },
    {
      '/t/%7Eauth/oauth/device/token': true,
      '/oauth/device/token': false,
      [`/t/%7Eauth${METADATA}`]: true,
      [`${METADATA}/t/%7Eauth`]: true,
      [METADATA]: false,
    },
  ],
  [
    'an empty prefix is for a proxy that strips the path',
    { publicUrl: 'https://login.example/auth', prefix: '' },
    {
      '/oauth/device/token': true,
      '/auth/oauth/device/token': false,
      [METADATA]: true,
      [`${METADATA}/auth`]: true,
      [`/auth${METADATA}`]: false,
    },
  ],
  [
    'without metadata the discovery of the application is untouched',
    { publicUrl: 'https://login.example', metadata: false },
    {
      '/oauth/device/token': true,
      [METADATA]: false,
      '/.well-known/openid-configuration': false,
    },
  ],
] as const) {
  test(title, async (t) => {
    const origin = await serve(t, aRouter(options))
    for (const [path, answered] of Object.entries(isAnswered)) {
      const { text } = await send(origin, { method: 'GET', path })
      t.is(text !== 'passed on', answered, path)
    }
  })
}

test('short addresses lead to the page, with the same query', async (t) => {
  const publicUrl = 'https://login.example/auth'
  for (const prefix of ['', '/auth', '/elsewhere']) {
    const origin = await serve(t, aRouter({ publicUrl, prefix }))
    for (const query of [
      '',
      '?user_code=WDJB-MJHT&ui_locales=de',
      '?x=%0d%0aX-Evil:%20y',
      '?//evil',
    ]) {
      for (const start of ['/device', '/device/', '/oauth/device/verify/']) {
        for (const accept of ['text/html', 'application/json']) {
          const sent = { method: 'GET', path: prefix + start + query, headers: { accept } }
          const { status, headers, text } = await send(origin, sent)
          t.is(status, 303, start)
          t.is(headers.location, `/auth/oauth/device/verify${query}`)
          t.is(headers['referrer-policy'], 'no-referrer')
          t.is(text, '')
        }
      }
    }
  }
})

test('devices are given the verification page, or verificationUri if there is one', async (t) => {
  for (const [verificationUri, expected] of [
    [undefined, 'https://login.example/auth/oauth/device/verify'],
    ['https://example.com/device', 'https://example.com/device'],
    ['https://example.com', 'https://example.com/'],
    ['https://EXAMPLE.com:443/a/../b', 'https://example.com/b'],
    ['http://localhost:5173/', 'http://localhost:5173/'],
    ['http://[::1]:5173/connect', 'http://[::1]:5173/connect'],
  ] as const) {
    const publicUrl = 'https://login.example/auth'
    const origin = await serve(t, aRouter({ publicUrl, verificationUri }))
    const reply = await post(origin, '/auth/oauth/device/authorize', {})
    const { user_code, verification_uri, verification_uri_complete } = membersOf(reply)
    t.is(verification_uri, expected)
    t.is(verification_uri_complete, `${expected}?user_code=${user_code}`)
  }
})

test('the router answers everything below its base path and passes on the rest', async (t) => {
  const origin = await serve(t, aRouter({ prefix: '/auth' }))
  for (const [path, isPassed] of [
    ['/auth/oauth/device', false],
    ['/auth/oauth/device/nothing', false],
    ['/auth/oauth/devices', true],
    ['/auth/oauth', true],
    ['/oauth/device/nothing', true],
    ['/', true],
  ] as const) {
    for (const accept of ['text/html', 'application/json']) {
      const reply = await send(origin, { method: 'GET', path, headers: { accept } })
      t.is(reply.text === 'passed on', isPassed, path)
      if (isPassed) continue
      t.is(reply.status, 404)
      t.true(reply.headers['content-type']?.startsWith(accept))
    }
  }
})

test('invalid options are refused at once', (t) => {
  for (const prefix of ['auth', '/auth/', '/', '//auth', '/:auth', '/a b', '/(.*)']) {
    t.throws(() => aRouter({ prefix }), { instanceOf: TypeError, message: /prefix/ })
  }
  t.throws(() => aRouter({ sessionSecret: 'short' }), { instanceOf: TypeError })
  const configured: string[] = []
  for (const secrets of [configured, [SECRET, 'short'], [1234] as unknown as string[]]) {
    t.throws(() => aRouter({ sessionSecret: secrets as [string, ...string[]] }), {
      instanceOf: TypeError,
      message: 'sessionSecret needs 32 characters at least',
    })
  }
  for (const publicUrl of [
    'login.example',
    'mailto:login.example',
    'https://login.example?x=1',
    'https://ann:secret@login.example/auth',
    'https://login.example/:auth',
  ]) {
    t.throws(() => aRouter({ publicUrl }), {
      instanceOf: TypeError,
      message: /^publicUrl must be /,
    })
  }
  for (const verificationUri of [
    '',
    'example.com/device',
    '/device',
    'http://example.com/device',
    'mailto:device@example.com',
    'https://example.com/device?',
    'https://example.com/device?user_code=',
    'https://example.com/device#code',
    'https://ann@example.com/device',
    'https://:secret@example.com/device',
  ]) {
    t.throws(() => aRouter({ verificationUri }), {
      instanceOf: TypeError,
      message: /^verificationUri must be an https URL/,
    })
  }
  t.throws(() => aRouter({ trustedProxies: ['proxy'] }), { instanceOf: RangeError })
  t.notThrows(() => aRouter({ prefix: '/auth/v1' }))
})

test('behind a body parser of the application requests fail with an error that says why', async (t) => {
  const errors: string[] = []
  const onError = (error: unknown): void => void errors.push(String(error))
  const app = new Koa()
  app.use(koaBody())
  app.use(aRouter({ onError }).routes())
  const server = createServer(app.callback())
  const origin = await listen(server)
  try {
    for (const path of ['authorize', 'token', 'verify', 'verify-authenticated']) {
      const reply = await post(origin, `/oauth/device/${path}`, { user_code: 'x' })
      t.is(reply.status, 500)
    }
    t.is(errors.length, 4)
    for (const error of errors) t.regex(error, /in front of any body parser/)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a client that disconnects during earlier middleware is not waited for', async (t) => {
  for (const path of ['authorize', 'token']) {
    const app = new Koa()
    app.silent = true
    const device = { leave: (): void => {} }
    let settled = false
    app.use(async (ctx, next) => {
      const gone = once(ctx.req.socket, 'close')
      device.leave()
      await gone
      try {
        await next()
      } finally {
        settled = true
      }
    })
    app.use(aRouter().routes())
    const server = createServer(app.callback())
    const origin = await listen(server)
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    device.leave = () => socket.destroy()
    socket.write(
      `POST /oauth/device/${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 3\r\n\r\na=b`,
    )
    await once(socket, 'close')
    await new Promise((resolve) => server.close(resolve))
    for (let turns = 0; !settled && turns < 1_000; turns++) await new Promise(setImmediate)
    t.true(settled, path)
  }
})

test('with an https public URL cookies are Secure, wherever TLS ends', async (t) => {
  const app = new Koa()
  app.use(aRouter().routes())
  const server = createServer(app.callback())
  const origin = await listen(server)
  try {
    const reply = await send(origin, { method: 'GET', path: '/oauth/device/sign-in' })
    t.is(reply.status, 200)
    t.regex(
      String(reply.headers['set-cookie']),
      /^__Host-device_grant_[0-9a-f]{12}_session=[^;]+; path=\/; .*secure/,
    )
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test('new codes are refused while the store is full, and old codes keep working', async (t) => {
  const app = new Koa()
  app.use(aRouter({}, 2).routes())
  const server = createServer(app.callback())
  const origin = await listen(server)
  try {
    const first = await post(origin, '/oauth/device/authorize', {})
    t.is(first.status, 200)
    t.is((await post(origin, '/oauth/device/authorize', {})).status, 200)
    const refused = await post(origin, '/oauth/device/authorize', {})
    t.is(refused.status, 503)
    t.is(membersOf(refused)['error'], 'temporarily_unavailable')
    t.regex(String(refused.headers['retry-after']), /^[1-9]\d*$/)
    const { device_code } = membersOf(first)
    const poll = await post(origin, '/oauth/device/token', { device_code: String(device_code) })
    t.is(outcomeOf(poll), 'authorization_pending')
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})
