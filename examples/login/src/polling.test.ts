import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import { runLogin } from './login.ts'

type Answer = (response: ServerResponse) => void

const json =
  (status: number, body: object): Answer =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }

const page =
  (status: number, body = '<h1>Bad Gateway'): Answer =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'text/html' }).end(body)
  }

const hangUp: Answer = (response) => {
  response.socket?.destroy()
}

const PENDING = json(400, { error: 'authorization_pending' })
const TOKEN = json(200, { access_token: 'key', token_type: 'Bearer' })

interface Login {
  readonly exitCode: number
  readonly out: string
  readonly err: string
  /** When each poll came, in milliseconds. */
  readonly polls: readonly number[]
}

/** Logs in at a server that gives these answers to polls, and the last one again and again. */
const login = async (
  t: ExecutionContext,
  answers: readonly [Answer, ...Answer[]],
  { expiresIn = 600, env = {} }: { expiresIn?: number; env?: Record<string, string> } = {},
): Promise<Login> => {
  const polls: number[] = []
  const listener: RequestListener = ({ url: path = '' }, response) => {
    if (path.startsWith('/.well-known/')) {
      const endpoints = { token_endpoint: `${url}/t`, device_authorization_endpoint: `${url}/a` }
      return json(200, { issuer: url, ...endpoints })(response)
    }
    if (path === '/a') {
      const codes = { device_code: 'x', user_code: 'WDJB-MJHT', verification_uri: `${url}/v` }
      return json(200, { ...codes, expires_in: expiresIn, interval: 0.02 })(response)
    }
    if (path !== '/t') return json(200, { user: 'alice' })(response)
    polls.push(performance.now())
    const answer = answers[polls.length - 1] ?? answers.at(-1)
    answer?.(response)
  }
  const server = createServer(listener)
  const url = await listen(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const folder = await mkdtemp(join(tmpdir(), 'polling-'))
  t.teardown(() => rm(folder, { recursive: true }))
  let [out, err] = ['', '']
  const exitCode = await runLogin([url], {
    env: { KEY_FOLDER: folder, ...env },
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    openBrowser: () => Promise.resolve(false),
    program: (command) => command,
    folder: 'login-example',
  })
  return { exitCode, out, err, polls }
}

for (const [what, answer, reason] of [
  ['a closed connection', hangUp, /\((UND_ERR_SOCKET|ECONNRESET)\)/],
  ['408', json(408, { error: 'invalid_request' }), /\(HTTP 408\)/],
  ['429', json(429, { error: 'temporarily_unavailable' }), /\(HTTP 429\)/],
  ['500', json(500, { error: 'server_error' }), /\(HTTP 500\)/],
  ['503', json(503, { error: 'temporarily_unavailable' }), /\(HTTP 503\)/],
  ['502 of a proxy', page(502), /\(HTTP 502\)/],
  ['429 of a proxy', page(429), /\(HTTP 429\)/],
  ['a page', page(200), /\(HTTP 200\)/],
  [
    'JSON that is cut',
    (response) => response.setHeader('Content-Type', 'application/json').end('{"a'),
    /\(.+\)/,
  ],
] as readonly (readonly [string, Answer, RegExp])[]) {
  test.serial(`a login goes on after ${what}, and says so in one line`, async (t) => {
    const { exitCode, out, err, polls } = await login(t, [PENDING, answer, answer, PENDING, TOKEN])
    t.is(exitCode, 0, err)
    t.is(polls.length, 5)
    t.regex(out, / as alice$/m)
    t.is(err.match(/The server did not answer/g)?.length, 1)
    t.regex(err, /\n {2}The server did not answer \(.+\)\. Retrying until the code expires\.\n$/)
    t.regex(err, reason)
  })
}

test.serial('a login goes on after a poll that takes too long', async (t) => {
  const { exitCode, err, polls } = await login(t, [() => {}, TOKEN], {
    env: { REQUEST_TIMEOUT: '2' },
  })
  t.is(exitCode, 0, err)
  t.is(polls.length, 2)
  t.regex(err, /\n {2}The server did not answer \(operation timed out\)\. Retrying .+\n$/)
})

test.serial('each failed poll makes the interval longer', async (t) => {
  const { polls } = await login(t, [hangUp, hangUp, hangUp, hangUp, hangUp, TOKEN])
  const gaps = polls.slice(1).map((at, i) => at - Number(polls[i]))
  // Each is twice the one before. A timer may be a little early, and a slow machine late.
  for (const [i, atLeast] of [35, 75, 150, 300, 600].entries()) {
    t.true(Number(gaps[i]) >= atLeast, String(gaps))
  }
})

test.serial('a server that never recovers lets the code expire', async (t) => {
  const { exitCode, err } = await login(t, [page(502)], { expiresIn: 1 })
  t.is(exitCode, 1)
  t.is(err.trim().split('\n').at(-1)?.trim(), 'The code has expired. Run the login again.')
})

test.serial('a refusal ends the login at once', async (t) => {
  for (const [status, error] of [
    [400, 'invalid_grant'],
    [401, 'invalid_client'],
  ] as const) {
    const { exitCode, err, polls } = await login(t, [PENDING, json(status, { error })])
    t.is(exitCode, 1)
    t.is(polls.length, 2)
    t.regex(err, new RegExp(`\n {2}The login failed: ${error}\n$`))
  }
})
