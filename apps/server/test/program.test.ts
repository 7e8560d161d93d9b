import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { authorize, pickUp, poll, pollOutcome } from '@device-grant/test-support/device'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { freePort } from '@device-grant/test-support/free-port'
import { FORM, send } from '@device-grant/test-support/http-exchange'
import { listen, portOf } from '@device-grant/test-support/loopback'
import { decide } from '@device-grant/test-support/person'
import { type SpawnedProgram, spawnProgram } from '@device-grant/test-support/spawned-program'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { COMMANDS } from '#src/commands/commands.js'
import { VARIABLES } from '#src/config-variables.js'
import { tempFolder } from './temp-folder.ts'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

const run = (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  ...args: string[]
): SpawnedProgram =>
  spawnProgram(t, process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], STORES: 'memory', ...env },
  })

const started = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<SpawnedProgram & { readonly url: string; readonly port: number }> => {
  const port = await freePort()
  const program = run(t, { PORT: String(port), ...env })
  await program.prints(/npm run login/)
  return { ...program, port, url: `http://127.0.0.1:${port}` }
}

test('in memory it starts, prints the next steps and issues codes', async (t) => {
  const program = await started(t)
  const at = `http://localhost:${program.port}`
  t.true(program.err().includes(`device-grant is at ${at}\n`))
  t.true(program.err().includes(`npm run login -- ${at}\n`))
  t.true(program.err().includes('(The codes and API keys are kept in memory'))
  const { verification_uri, device_code } = await authorize(program.url)
  t.is(verification_uri, `http://localhost:${program.port}/oauth/device/verify`)
  t.is(await pollOutcome(program.url, device_code), 'authorization_pending')
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
  for (const { name } of COMMANDS) t.true(program.out().includes(`\n  device-grant ${name}`), name)
  t.is(program.err(), '')
  t.is(await run(t, {}, '-h').ended, 0)
})

test('an unknown argument starts nothing', async (t) => {
  for (const argument of ['--port=3000', 'serve']) {
    const program = run(t, { PORT: 'nonsense' }, argument)
    t.is(await program.ended, 2)
    t.is(program.out(), '')
    t.true(program.err().includes(argument))
    t.regex(program.err(), /--help/)
  }
})

test('an unknown argument that may be a secret is not repeated', async (t) => {
  const key = `${'0GSUisErIo4gm6Ox2tFZ4S'}_${'7'.repeat(49)}`
  for (const [argument, env] of [
    [`dg_${key}`, {}],
    [`--key=dg_${key}`, {}],
    ['dg_hunter2', {}],
    ['acme-hunter2', { API_KEY_PREFIX: 'acme-' }],
    ['dga_hunter2', {}],
    ['whsec_hunter2', {}],
    ['x'.repeat(41), {}],
    ['redis://:hunter2@h', {}],
  ] as const) {
    const program = run(t, env, argument)
    t.is(await program.ended, 2)
    t.is(program.out(), '')
    t.is(
      program.err(),
      'Unknown argument. Environment variables configure the server, see --help.\n',
    )
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
  await listen(taken)
  const port = portOf(taken)
  const program = run(t, { PORT: String(port) })
  t.is(await program.ended, 1)
  t.is(program.err(), `Cannot listen on 127.0.0.1:${port}: EADDRINUSE; set PORT to another one\n`)
  const measured = run(t, { PORT: String(await freePort()), METRICS_PORT: String(port) })
  t.is(await measured.ended, 1)
  t.regex(measured.err(), new RegExp(`:${port}: EADDRINUSE; set METRICS_PORT to another one\n$`))
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
  slow.write(
    `POST ${AUTHORIZE} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n`,
  )
  await once(slow, 'data')
  t.true(answer.startsWith('HTTP/1.1 100 '), 'the request is in progress')
  slow.write('client_id')
  const signalledAt = performance.now()
  program.child.kill('SIGTERM')
  await program.prints(/"server stopping"/)
  while (await isListening(program.port)) {}
  t.is(program.child.exitCode, null, 'the program waits for the request')
  slow.write('=cli')
  await closed
  t.regex(answer, /HTTP\/1\.1 200 OK/)
  t.regex(answer, /^Connection: close\r$/im, 'the header ends the connection')
  t.regex(answer, /"device_code":"[\w-]{43}"/)
  t.is(await program.ended, 0)
  // An open connection would delay the end until the program closes it by force, 10 s after the signal.
  t.true(performance.now() - signalledAt < 10_000, 'no unused or idle connection delayed the end')
  unused.destroy()
})

test('a signal that arrives twice stops it once', async (t) => {
  const program = await started(t)
  const silent = await socketTo(program.port)
  program.child.kill('SIGINT')
  await program.prints(/"server stopping"/)
  program.child.kill('SIGINT')
  t.is(await program.ended, 0)
  t.is(program.out().split('"server stopping"').length - 1, 1)
  silent.destroy()
})

/** The least time after the signal at which the server closes an idle connection, in milliseconds. */
const CLOSES_IDLE_AFTER_MS = 50

/**
 * Polls on one connection, as long as it is kept alive, until the server is gone.
 * @returns how many polls it interrupted that cannot have met the end of an idle connection
 */
const pollBusily = async (
  url: string,
  deviceCode: string,
  onAnswer: () => void,
): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let interrupted = 0
  let mustBeAnswered = false
  for (;;) {
    const sentAt = performance.now()
    try {
      const { headers } = await poll(url, deviceCode, {}, agent)
      onAnswer()
      // A busy machine may read an answer so late that its connection is idle by then.
      const isPrompt = performance.now() - sentAt < CLOSES_IDLE_AFTER_MS
      mustBeAnswered = isPrompt && headers.connection === 'keep-alive'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') break
      if (mustBeAnswered) interrupted += 1
      mustBeAnswered = false
    }
  }
  agent.destroy()
  return interrupted
}

test('SIGHUP stops a server without files to read again as SIGTERM does', async (t) => {
  const program = await started(t)
  program.child.kill('SIGHUP')
  t.is(await program.ended, 0)
  t.true(program.out().includes('"server stopped"'))
})

test('SIGHUP reads CLIENTS_FILE again, and a broken file changes nothing', async (t) => {
  const folder = await tempFolder(t)
  const write = (...ids: readonly string[]): Promise<string> =>
    folder.write('clients.json', {
      clients: ids.map((client_id) => ({ client_id, token_endpoint_auth_method: 'none' })),
    })
  const program = await started(t, { CLIENTS_FILE: await write('old') })
  await write('new')
  program.child.kill('SIGHUP')
  await program.prints(/"clients and scopes loaded again"/)
  await authorize(program.url, { client_id: 'new' })
  await t.throwsAsync(authorize(program.url, { client_id: 'old' }), { message: /invalid_client/ })
  await folder.write('clients.json', '{')
  program.child.kill('SIGHUP')
  await program.prints(/CLIENTS_FILE: is no JSON.*"CLIENTS_FILE or SCOPES_FILE is invalid, so/)
  await authorize(program.url, { client_id: 'new' })
  program.child.kill('SIGTERM')
  t.is(await program.ended, 0)
})

test('SIGHUP reads secrets in files again, and a bad one changes nothing', async (t) => {
  const folder = await tempFolder(t)
  const SESSION_SECRET_FILE = await folder.write('secret', 'a secret of thirty-two characters')
  const program = await started(t, { SESSION_SECRET_FILE })
  await folder.write('secret', 'hunter2')
  program.child.kill('SIGHUP')
  await program.prints(
    /"variable":"SESSION_SECRET_FILE","errors":\["SESSION_SECRET needs at least 32/,
  )
  await folder.write('secret', 'another secret of 32 characters!')
  program.child.kill('SIGHUP')
  await program.prints(/"variable":"SESSION_SECRET_FILE","msg":"secret loaded again"/)
  t.false(program.out().includes('hunter2'))
  t.is((await send(program.url, { method: 'GET', path: '/healthz' })).status, 200)
  program.child.kill('SIGTERM')
  t.is(await program.ended, 0)
})

test('mistakes in files are named beside those of other settings', async (t) => {
  const folder = await tempFolder(t)
  const client = { client_id: 'cli', token_endpoint_auth_method: 'none', networks: ['x'] }
  const env = {
    PORT: 'x',
    API_KEY_TTL: '0',
    CLIENTS_FILE: await folder.write('clients.json', {
      clients: [{ ...client, key_lifetimes: [400 * 86_400] }],
    }),
    SCOPES_FILE: await folder.write('scopes.json', '{'),
    ADMIN_TOKENS_FILE: await folder.write('admin.json', { tokens: [] }),
    LOGO_FILE: await folder.write('logo.svg', '<svg'),
    TEXTS_FILE: await folder.write('texts.json', '{'),
  }
  const expected = [
    /^- PORT must be a whole number/,
    /^- API_KEY_TTL must be a whole number/,
    /^- SCOPES_FILE: is no JSON/,
    /^- CLIENTS_FILE: clients\[0\]\.networks\[0\] is no address/,
    /^- ADMIN_TOKENS_FILE: tokens must be a list/,
    /^- LOGO_FILE /,
    /^- TEXTS_FILE: /,
  ]
  for (const args of [[], ['--print-config'], ['check']]) {
    const program = run(t, env, ...args)
    t.is(await program.ended, args[0] === 'check' ? 2 : 1)
    const lines = program.err().split('\n')
    t.is(lines[0], `The configuration has ${expected.length} errors:`)
    for (const [i, pattern] of expected.entries()) t.regex(lines[i + 1] ?? '', pattern)
  }
})

test('mistakes in CLIENTS_FILE are all named and end the program with status 1', async (t) => {
  const folder = await tempFolder(t)
  const client = { client_id: 'cli', token_endpoint_auth_method: 'none' }
  const program = run(t, {
    CLIENTS_FILE: await folder.write('clients.json', {
      clients: [client, { ...client, networks: ['x'] }],
      tokens: 'hunter2',
    }),
    SCOPES_FILE: '/nowhere/scopes.json',
    LOG_LEVEL: 'silent',
  })
  t.is(await program.ended, 1)
  t.is(program.out(), '')
  t.deepEqual(program.err().split('\n').slice(1, -1), [
    '- SCOPES_FILE: cannot be read (ENOENT)',
    '- CLIENTS_FILE: clients[1].client_id is also the one of clients[0]',
    '- CLIENTS_FILE: clients[1].networks[0] is no address and no CIDR range',
    '- CLIENTS_FILE: tokens is an unknown member',
    'See --help.',
  ])
})

test('client-secret prints a secret, its hash and where each goes', async (t) => {
  const program = run(t, { PORT: 'nonsense' }, 'client-secret')
  t.is(await program.ended, 0)
  t.is(program.err(), '')
  t.regex(
    program.out(),
    /^[\w-]{43}\nsha256:[\w-]{43}\n.*client_secret_hashes in CLIENTS_FILE\.\n$/,
  )
})

test('SIGTERM under load interrupts no request', async (t) => {
  const program = await started(t)
  const { device_code } = await authorize(program.url)
  let answers = 0
  const clients = Array.from({ length: 10 }, () =>
    pollBusily(program.url, device_code, () => {
      answers += 1
      if (answers === 200) program.child.kill('SIGTERM')
    }),
  )
  const interrupted = (await Promise.all(clients)).reduce((sum, one) => sum + one, 0)
  t.is(interrupted, 0)
  t.is(await program.ended, 0)
  const [, pending, slowDown] =
    /"authorization_pending":(\d+),"slow_down":(\d+),"msg":"polls counted"/.exec(program.out()) ??
    []
  t.is(Number(pending) + Number(slowDown), answers, 'the answer to every poll has arrived')
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
  await program.prints(/npm run login/)
  const url = `http://127.0.0.1:${port}`
  const { device_code, user_code } = await authorize(url)
  await decide(url, user_code, 'approve')
  const key = await pickUp(url, device_code)
  t.is((await whoami(url, key)).status, 200)
  program.child.kill('SIGINT')
  t.is(await program.ended, 0)
  const text = program.out() + program.err()
  t.true(text.includes('authorization_approved'))
  for (const secret of [device_code, key, key.slice(3), 'a secret of'])
    t.false(text.includes(secret))
})
