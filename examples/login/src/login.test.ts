import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { mock } from 'node:test'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import jsqr from 'jsqr'
import { runLogin } from './login.ts'
import { canOpenBrowser, showWaiting } from './terminal.ts'

const PAGE = 'https://login.example/device'
const CODE = 'WDJB-MJHT'
const ESCAPE = '\u001b'

/** What the server gets and gives. */
interface Server {
  /** The members of its codes. */
  codes: Readonly<Record<string, string>>
  /** The keys that work. */
  keys: Set<string>
  readonly requests: { path: string; agent: string | undefined; body: URLSearchParams }[]
}

const server: Server = { codes: {}, keys: new Set(), requests: [] }

const answer = async (request: IncomingMessage): Promise<[number, object]> => {
  const path = request.url ?? ''
  const body = new URLSearchParams(await text(request))
  server.requests.push({ path, agent: request.headers['user-agent'], body })
  if (path === '/authorize') {
    return [
      200,
      { device_code: 'x', user_code: CODE, expires_in: 600, interval: 0.02, ...server.codes },
    ]
  }
  if (path === '/token') {
    const key = `key ${server.requests.length}`
    server.keys.add(key)
    return [200, { access_token: key, token_type: 'Bearer' }]
  }
  if (path === '/revoke') {
    server.keys.delete(body.get('token') ?? '')
    return [200, {}]
  }
  if (path === '/api/whoami') {
    const key = request.headers.authorization?.replace('Bearer ', '') ?? ''
    return server.keys.has(key) ? [200, { user: 'ann', expires_at: 'tomorrow' }] : [401, {}]
  }
  const endpoints = {
    device_authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    revocation_endpoint: `${url}/revoke`,
  }
  return [200, { issuer: url, ...endpoints }]
}

const http = createServer(async (request, response) => {
  const [status, body] = await answer(request)
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
})
const url = await listen(http)
const folder = await mkdtemp(join(tmpdir(), 'login-'))
test.after.always(async () => {
  http.closeAllConnections()
  http.close()
  await rm(folder, { recursive: true })
})
test.beforeEach(() => {
  server.codes = { verification_uri: PAGE, verification_uri_complete: `${PAGE}?user_code=${CODE}` }
  server.keys.clear()
  server.requests.length = 0
})

const TTY = { isTTY: true, columns: 80, rows: 40 }

/** Runs the program in this process. The returned `opened` are the pages in the browser. */
const run = async (
  args: readonly string[] = [],
  { env = {}, tty = TTY }: { env?: Record<string, string>; tty?: object } = {},
) => {
  let [out, err] = ['', '']
  const opened: string[] = []
  const status = await runLogin([...args, url], {
    env: { KEY_FOLDER: folder, ...env },
    stdout: { write: (written) => (out += written) },
    stderr: { ...tty, write: (written) => (err += written) },
    openBrowser: (page) => Promise.resolve(opened.push(page.href) > 0),
    program: (command) => command,
    folder: 'login-example',
  })
  return { status, out, err, opened }
}

type Colour = readonly [number, number, number]
const BLACK: Colour = [0, 0, 0]
const WHITE: Colour = [255, 255, 255]
const MODULE = 4
/** Escape sequences and characters. */
const CELLS = new RegExp(`${ESCAPE}\\[([\\d;]*)[mK]|[\\s\\S]`, 'gu')

/** Draws what a terminal shows, with two square modules in each cell. */
const pixels = (output: string, foreground: Colour, background: Colour) => {
  let colours = [foreground, background] as const
  const rows: (readonly [Colour, Colour])[][] = [[]]
  for (const [token, style] of output.matchAll(CELLS)) {
    if (token === '\n') rows.push([])
    else if (token.endsWith('m') && style === '38;5;16;48;5;231') colours = [BLACK, WHITE]
    else if (token.endsWith('m') && style === '0') colours = [foreground, background]
    else if (!token.startsWith(ESCAPE)) {
      const [ink, paper] = colours
      rows.at(-1)?.push([/[█▀]/.test(token) ? ink : paper, /[█▄]/.test(token) ? ink : paper])
    }
  }
  const width = Math.max(...rows.map(({ length }) => length)) * MODULE
  const height = rows.length * 2 * MODULE
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    const module = Math.floor(y / MODULE)
    for (let x = 0; x < width; x++) {
      const cell = rows[module >> 1]?.[Math.floor(x / MODULE)]
      data.set([...(cell?.[module % 2] ?? background), 255], (y * width + x) * 4)
    }
  }
  return { data, width, height }
}

test.serial('the QR code in a terminal is black on white, on light and on dark', async (t) => {
  const { status, err } = await run()
  t.is(status, 0, err)
  for (const [foreground, background] of [
    [BLACK, WHITE],
    [WHITE, BLACK],
    [
      [0x83, 0x94, 0x96],
      [0x00, 0x2b, 0x36],
    ],
  ] as const) {
    const { data, width, height } = pixels(err, foreground, background)
    const found = jsqr.default(data, width, height, { inversionAttempts: 'dontInvert' })
    t.is(found?.data, `${PAGE}?user_code=${CODE}`)
  }
  const lines = [...err.replaceAll(ESCAPE, '').matchAll(/231m(.+)\[0m/g)].map(
    ([, cells = '']) => cells,
  )
  t.regex(lines[0] ?? '', /^ +$/, 'the quiet zone has two modules above')
  t.regex(lines.at(-1) ?? '', /^ +$/, 'and below')
  for (const line of lines) t.regex(line, /^ {2}.+ {2}$/, 'and at both sides')
})

test.serial(
  'a terminal gets the page and the code in bold, and stdout the result only',
  async (t) => {
    const { out, err, opened } = await run(['--device-name', 'Box', '--no-browser'], {
      env: { DISPLAY: ':0' },
    })
    t.true(err.includes(`  Open   ${PAGE}\n  Enter  ${ESCAPE}[1m${CODE}${ESCAPE}[22m\n`))
    t.is(out, `Logged in at ${url}/ as ann, until tomorrow\n`)
    t.deepEqual(opened, [])
    const { body } = server.requests.find(({ path }) => path === '/authorize') ?? {}
    t.is(body?.get('device_name'), 'Box')
    for (const { agent } of server.requests) t.regex(agent ?? '', /^device-grant-login\/1\.0 \(/)
    await run(['logout'])
  },
)

test.serial('there is no QR code where it could not be scanned', async (t) => {
  for (const [what, options, codes] of [
    ['a page on loopback', {}, { verification_uri: 'http://localhost:3000/device' }],
    ['NO_COLOR', { env: { NO_COLOR: '1' } }, {}],
    ['TERM=dumb', { env: { TERM: 'dumb' } }, {}],
    ['no terminal', { tty: {} }, {}],
    ['few columns', { tty: { ...TTY, columns: 30 } }, {}],
    ['few rows', { tty: { ...TTY, rows: 20 } }, {}],
  ] as const) {
    server.codes = { verification_uri: PAGE, ...codes }
    const { status, err } = await run([], options)
    t.is(status, 0, err)
    t.notRegex(err, /[█▀▄]/, what)
    t.true(err.includes(CODE), what)
    if (what === 'NO_COLOR') t.notRegex(err.replaceAll(ESCAPE, '^'), /\^\[[\d;]*m/)
    if (what === 'TERM=dumb' || what === 'no terminal') t.false(err.includes(ESCAPE), what)
    await run(['logout'])
  }
})

test.serial('a browser on this machine opens the complete page', async (t) => {
  const env = { DISPLAY: ':0' }
  const { err, opened } = await run([], { env })
  t.deepEqual(opened, [`${PAGE}?user_code=${CODE}`])
  t.regex(err, /Approve in your browser, if it shows this code:\n\n +\S+WDJB-MJHT/)
  t.notRegex(err, /[█▀▄]/)
  await run(['logout'])

  server.codes = { verification_uri: PAGE }
  const incomplete = await run([], { env })
  t.deepEqual(incomplete.opened, [PAGE])
  t.regex(incomplete.err, /Enter this code in your browser:/)
  await run(['logout'])
})

test.serial(
  'a page that is not on the web is refused, and control characters are not shown',
  async (t) => {
    server.codes = { verification_uri: 'file:///etc/passwd' }
    const { status, err, opened } = await run([], { env: { DISPLAY: ':0' } })
    t.is(status, 1)
    t.regex(err, /not on the web/)
    t.deepEqual(opened, [])

    server.codes = { verification_uri: PAGE, user_code: `AB\u001b[2J\u202eCD` }
    t.true((await run([], { tty: {} })).err.includes('Enter  AB[2JCD\n'))
    await run(['logout'])
  },
)

test('no browser opens over SSH, in CI or without a display', (t) => {
  for (const [env, platform, can] of [
    [{ DISPLAY: ':0' }, 'linux', true],
    [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true],
    [{}, 'linux', false],
    [{}, 'darwin', true],
    [{}, 'win32', true],
    [{ CI: 'true' }, 'darwin', false],
    [{ CI: 'false' }, 'darwin', true],
    [{ SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, 'darwin', false],
    [{ SSH_TTY: '/dev/pts/1', DISPLAY: ':10' }, 'linux', false],
  ] as const) {
    t.is(canOpenBrowser(env, platform), can, `${platform} ${JSON.stringify(env)}`)
  }
})

test.serial('a key is used until it is refused, and logout revokes it', async (t) => {
  const paths = (): string[] => server.requests.splice(0).map(({ path }) => path)
  t.is((await run()).status, 0)
  t.true(paths().includes('/authorize'))
  const again = await run()
  t.deepEqual([again.status, again.err], [0, ''])
  t.deepEqual(paths(), ['/api/whoami'])
  const { out } = await run(['whoami', '--json'])
  t.deepEqual(JSON.parse(out), { user: 'ann', expires_at: 'tomorrow' })

  server.keys.clear()
  const refused = await run(['whoami'])
  t.deepEqual([refused.status, refused.out], [1, ''])
  t.is(refused.err, '  The key no longer works. Log in again.\n')
  const renewed = await run(['login'])
  t.is(renewed.status, 0)
  t.true(renewed.err.startsWith('  The key no longer works, so this is a new login.\n'))
  t.is(server.keys.size, 1)

  t.deepEqual(JSON.parse((await run(['logout', '--json'])).out), { logged_out: true })
  t.is(server.keys.size, 0)
  t.is((await run(['logout'])).err, `  You are not logged in at ${url}/\n`)
})

test.serial('unknown flags and more than one address are refused with the usage', async (t) => {
  for (const [args, problem] of [
    [['--browser'], /Unknown option '--browser'/],
    [['whoami', 'https://a.example'], /more than one address: https:\/\/a\.example http/],
  ] as const) {
    const { status, out, err } = await run(args)
    t.deepEqual([status, out], [2, ''])
    t.regex(err, problem)
    t.regex(err, /Usage: login \[base URL\]/)
  }
})

test.serial('a REQUEST_TIMEOUT that is no number of seconds is refused by name', async (t) => {
  for (const value of ['abc', '0', '0.5', '-1', '1e9']) {
    const { status, out, err } = await run([], { env: { REQUEST_TIMEOUT: value } })
    t.not(status, 0, value)
    t.deepEqual([out, server.requests.length], ['', 0], value)
    t.regex(err, /REQUEST_TIMEOUT must be a number of seconds/, value)
  }
})

test.serial('the time left is drawn each second, over itself, if it fits in a line', (t) => {
  const written: string[] = []
  const terminal = { ...TTY, write: (line: string) => written.push(line) }
  mock.timers.enable({ apis: ['Date', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) mock.timers.tick(1000)
  }
  const wide = showWaiting(600, { ...terminal, columns: 42 }, {})
  pass(2)
  t.deepEqual(
    written.splice(0).map((line) => line.replace(/[⠀-⣿]/, '*')),
    ['10:00', '9:59', '9:58'].map((left) => `\r${ESCAPE}[K  * Waiting for approval, ${left} left `),
  )
  wide.tell('Hello')
  t.deepEqual(written.splice(0).slice(0, 2), [`\r${ESCAPE}[K`, '  Hello\n'])
  wide.stop()
  pass(5)
  t.deepEqual(written.splice(0), [`\r${ESCAPE}[K`])

  for (const [narrow, env] of [
    [{ ...terminal, columns: 41 }, {}],
    [{ ...terminal, isTTY: false }, {}],
    [terminal, { TERM: 'dumb' }],
  ] as const) {
    const waiting = showWaiting(600, narrow, env)
    pass(2)
    waiting.stop()
    t.deepEqual(written.splice(0), ['  Waiting for approval ...\n'])
  }
})
