import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { authorize, outcomeOf, poll } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import test, { type ExecutionContext } from 'ava'
import { VARIABLES } from '#src/config-variables.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface Program {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  /** The exit code, or the signal that ended the program. */
  readonly ended: Promise<number | string | null>
  /** Resolves when the output of the program contains the text. */
  printed(text: string): Promise<void>
}

const run = (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  ...args: string[]
): Program => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const printed = async (text: string): Promise<void> => {
    const endedEarly = ended.then(() => {
      throw new Error(`The program ended before it printed ${text}: ${out}${err}`)
    })
    endedEarly.catch(() => {})
    const output = (): Promise<unknown> =>
      Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), endedEarly])
    while (!(out + err).includes(text)) await output()
  }
  return { child, out: () => out, err: () => err, ended, printed }
}

const started = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<Program & { readonly url: string; readonly port: number }> => {
  const port = await freePort()
  const program = run(t, { PORT: String(port), ...env })
  await program.printed('npm run login')
  return { ...program, port, url: `http://127.0.0.1:${port}` }
}

test('without settings it starts, prints the next steps and issues codes', async (t) => {
  const program = await started(t)
  const at = `http://localhost:${program.port}`
  t.true(program.err().includes(`device-grant is at ${at}\n`))
  t.true(program.err().includes(`npm run login -- ${at}\n`))
  t.true(program.err().includes('(The codes and API keys are kept in memory'))
  const { verification_uri, device_code } = await authorize(program.url)
  t.is(verification_uri, `http://localhost:${program.port}/oauth/device/verify`)
  t.is(outcomeOf(await poll(program.url, device_code)), 'authorization_pending')
  program.child.kill('SIGTERM')
  t.is(await program.ended, 0)
  const lines = program
    .out()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.true(lines.some(({ msg }) => /SESSION_SECRET is not set/.test(msg)))
  t.is(lines.at(-1)?.msg, 'server stopped')
  t.false(program.out().includes(device_code))
})

test('with remote stores it prints the next steps without a warning about memory', async (t) => {
  const closedPort = await freePort()
  const program = await started(t, {
    REDIS_URL: `redis://127.0.0.1:${closedPort}`,
    MONGODB_URI: `mongodb://127.0.0.1:${closedPort}`,
    PUBLIC_URL: 'https://login.example',
    SIGN_IN: 'demo',
    SESSION_SECRET: 'a secret of thirty-two characters',
  })
  t.regex(program.err(), /device-grant is at https:\/\/login\.example\n/)
  t.regex(program.err(), /npm run login -- https:\/\/login\.example\n/)
  t.notRegex(program.err(), /in memory/)
})

test('--help prints every variable and starts nothing', async (t) => {
  const program = run(t, { PORT: 'nonsense' }, '--help')
  t.is(await program.ended, 0)
  for (const [name] of VARIABLES) t.regex(program.out(), new RegExp(`^ +${name} `, 'm'))
  t.is(program.err(), '')
  t.is(await run(t, {}, '-h').ended, 0)
})

test('an unknown argument starts nothing', async (t) => {
  for (const argument of ['--port=3000', 'serve']) {
    const program = run(t, { PORT: 'nonsense' }, argument)
    t.is(await program.ended, 1)
    t.is(program.out(), '')
    t.true(program.err().includes(argument))
    t.regex(program.err(), /--help/)
  }
})

test('invalid settings are all named at once and end the program with status 1', async (t) => {
  const program = run(t, { PORT: 'x', LOG_LEVEL: 'loud', MONGODB_URI: 'mongo://u:hunter2@h' })
  t.is(await program.ended, 1)
  t.is(program.out(), '')
  for (const name of ['PORT', 'LOG_LEVEL', 'MONGODB_URI', '--help'])
    t.true(program.err().includes(name))
  t.false(program.err().includes('hunter2'))
  t.false(program.err().includes('    at '))
})

const STORE_URLS: readonly (readonly [env: Readonly<Record<string, string>>, error: RegExp])[] = [
  [{ REDIS_URL: 'redis://:hunter2@h:99999' }, /- REDIS_URL: .*port/],
  [{ REDIS_URL: 'redis+sentinel://:hunter2@h:1' }, /- REDIS_URL: .*master-name/],
  [{ REDIS_URL: 'redis://u:hunter2%zz@h' }, /- REDIS_URL: .*password/],
  [{ MONGODB_URI: 'mongodb://u:hunter2@h/?unknown=1' }, /- MONGODB_URI: .*unknown/],
  [{ MONGODB_URI: 'mongodb://u:hunter2/@h' }, /- MONGODB_URI: .*percent-encode/],
  [{ MONGODB_URI: 'mongodb://u:hunter2%zz@h' }, /- MONGODB_URI: /],
]
for (const [env, error] of STORE_URLS) {
  test(`an invalid store URL is among the errors: ${Object.values(env)}`, async (t) => {
    const program = run(t, { PORT: 'x', ...env })
    t.is(await program.ended, 1)
    t.regex(program.err(), error)
    t.true(program.err().includes('- PORT '))
    t.false(program.err().includes('hunter2'))
    t.notRegex(program.err(), /^ +at |node:|file:/m)
  })
}

test('an address that cannot be listened on is named', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const program = run(t, { PORT: String(port) })
  t.is(await program.ended, 1)
  t.is(program.err(), `Cannot listen on 127.0.0.1:${port}: EADDRINUSE; set PORT to another one\n`)
  taken.close()
  const nowhere = run(t, { HOST: '192.0.2.1', SIGN_IN: 'demo', PORT: String(port) })
  t.is(await nowhere.ended, 1)
  t.is(nowhere.err(), `Cannot listen on 192.0.2.1:${port}: EADDRNOTAVAIL\n`)
})

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

const socketTo = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

test('SIGTERM interrupts no request and waits for no idle connection', async (t) => {
  const program = await started(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.is((await send(program.url, { method: 'GET', path: '/healthz' }, agent)).status, 200)
  const unused = await socketTo(program.port)
  const slow = await socketTo(program.port)
  let answer = ''
  slow.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  const closed = once(slow, 'close')
  const head =
    'POST /oauth/device/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n'
  slow.write(head)
  await once(slow, 'data')
  t.true(answer.startsWith('HTTP/1.1 100 '), 'the request is in progress')
  slow.write('client_id')
  program.child.kill('SIGTERM')
  await program.printed('"server stopping"')
  while (await isListening(program.port)) {}
  t.is(program.child.exitCode, null, 'the program waits for the request')
  const resumedAt = performance.now()
  slow.write('=cli')
  await closed
  t.regex(answer, /HTTP\/1\.1 200 OK/)
  t.regex(answer, /^Connection: close\r$/im, 'the header ends the connection')
  t.regex(answer, /"device_code":"[\w-]{43}"/)
  t.is(await program.ended, 0)
  t.true(
    performance.now() - resumedAt < 3_000,
    'the unused and the idle connection did not delay the end',
  )
  unused.destroy()
})

test('a signal that arrives twice stops it once', async (t) => {
  const program = await started(t)
  const silent = await socketTo(program.port)
  program.child.kill('SIGINT')
  await program.printed('"server stopping"')
  program.child.kill('SIGINT')
  t.is(await program.ended, 0)
  t.is(program.out().split('"server stopping"').length - 1, 1)
  silent.destroy()
})

/** Polls on one kept-alive connection until the server is gone. Returns how many polls were interrupted. */
const pollBusily = async (port: number, onAnswer: () => void): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const once = (): Promise<'answered' | 'interrupted' | 'refused'> =>
    new Promise((resolve) => {
      const polling = request(
        { port, host: '127.0.0.1', method: 'POST', path: '/oauth/device/token', agent },
        (answer) => {
          answer.resume().once('end', () => resolve('answered'))
          answer.once('error', () => resolve('interrupted'))
        },
      )
      // A request on a new connection was never accepted: the connection was refused or still queued.
      polling.once('error', () => resolve(polling.reusedSocket ? 'interrupted' : 'refused'))
      polling.end()
    })
  let interrupted = 0
  for (;;) {
    const outcome = await once()
    if (outcome === 'answered') onAnswer()
    if (outcome === 'interrupted') interrupted += 1
    if (outcome === 'refused') break
  }
  agent.destroy()
  return interrupted
}

test('SIGTERM under load interrupts no request', async (t) => {
  const program = await started(t)
  let answers = 0
  const clients = Array.from({ length: 10 }, () =>
    pollBusily(program.port, () => {
      answers += 1
      if (answers === 200) program.child.kill('SIGTERM')
    }),
  )
  const interrupted = (await Promise.all(clients)).reduce((sum, one) => sum + one, 0)
  t.is(interrupted, 0)
  t.is(await program.ended, 0)
})

test('the log of a login contains no secret', async (t) => {
  const port = await freePort()
  const program = run(t, {
    PORT: String(port),
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    LOG_LEVEL: 'trace',
    SESSION_SECRET: 'a secret of thirty-two characters',
  })
  await program.printed('npm run login')
  const url = `http://127.0.0.1:${port}`
  const { device_code, user_code } = await authorize(url)
  const person = { 'x-forwarded-user': 'alice', 'content-type': 'application/json' }
  const body = JSON.stringify({ user_code })
  t.is(
    (await send(url, { path: '/oauth/device/verify-authenticated', headers: person, body })).status,
    200,
  )
  const key = String(membersOf(await poll(url, device_code))['access_token'])
  const headers = { authorization: `Bearer ${key}` }
  t.is((await send(url, { method: 'GET', path: '/api/whoami', headers })).status, 200)
  program.child.kill('SIGINT')
  t.is(await program.ended, 0)
  const text = program.out() + program.err()
  t.true(text.includes('authorization_approved'))
  for (const secret of [device_code, key, key.slice(3), 'a secret of'])
    t.false(text.includes(secret))
})
