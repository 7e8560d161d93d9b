import { rm } from 'node:fs/promises'
import { authorize, outcomeOf, pollOutcome } from '@device-grant/test-support/device'
import {
  AUTHORIZE,
  REVIEW,
  VERIFY,
  VERIFY_AUTHENTICATED,
} from '@device-grant/test-support/endpoints'
import { eventually } from '@device-grant/test-support/eventually'
import { type Answer, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import test, { type ExecutionContext } from 'ava'
import { ConfigError } from '#src/config.js'
import type { Pause } from '#src/repeat.js'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const SCOPES = { read: { description: 'See', default: true }, write: { description: 'Change' } }
const client = (client_id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  client_id,
  token_endpoint_auth_method: 'none',
  ...more,
})

interface Setting {
  readonly folder: TempFolder
  readonly server: TestServer
  /** Lets the minute until the next reload pass. */
  passMinute(): void
}

/** A server with files in a folder of the test, whose pauses last until the test ends them. */
const started = async (
  t: ExecutionContext,
  files: Readonly<Record<string, unknown>>,
): Promise<Setting> => {
  const folder = await tempFolder(t)
  const env: Record<string, string> = {}
  for (const [variable, content] of Object.entries(files)) {
    env[variable] = await folder.write(variable, content)
  }
  const pauses: (() => void)[] = []
  const pause: Pause = (ms, signal) =>
    new Promise((resolve) => {
      t.is(ms, 60_000)
      pauses.push(resolve)
      signal.addEventListener('abort', () => resolve())
    })
  const server = await startTestServer(env, { pause })
  t.teardown(server.stop)
  return { folder, server, passMinute: () => pauses.pop()?.() }
}

const ask = (
  { server }: Pick<Setting, 'server'>,
  client_id: string,
  more: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => post(server.url, AUTHORIZE, { client_id, ...more }, headers)

/** The error of a device authorization request, or `codes`. */
const outcome = async (...request: Parameters<typeof ask>): Promise<string> => {
  const answer = await ask(...request)
  const { error, device_code } = membersOf(answer)
  return typeof device_code === 'string' ? 'codes' : `${answer.status} ${error}`
}

const scopesSupported = async ({ server }: Setting): Promise<unknown> => {
  const path = '/.well-known/oauth-authorization-server'
  return membersOf(await send(server.url, { method: 'GET', path }))['scopes_supported']
}

const logged = ({ server }: Setting, text: string): readonly Record<string, unknown>[] =>
  server.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === text)

const STAYS = 'CLIENTS_FILE or SCOPES_FILE is invalid, so the former content stays'
const LOADED_AGAIN = 'clients and scopes loaded again'

test('a client of the file gets codes, and no other client does', async (t) => {
  const setting = await started(t, { CLIENTS_FILE: { clients: [client('known')] } })
  t.is(await outcome(setting, 'known'), 'codes')
  t.is(await outcome(setting, 'unknown'), '400 invalid_client')
  t.is(await outcome(setting, '__proto__'), '400 invalid_client')
  t.is(await outcome(setting, 'known', { scope: 'whatever' }), 'codes')
})

test('a client is limited to its grants, web pages and networks', async (t) => {
  const setting = await started(t, {
    CLIENTS_FILE: {
      clients: [
        client('other-grant', { grant_types: [] }),
        client('no-web', { web: false }),
        client('near', { networks: ['192.0.2.0/24'] }),
      ],
    },
  })
  t.is(await outcome(setting, 'other-grant'), '400 unauthorized_client')
  t.is(await outcome(setting, 'no-web'), 'codes')
  const fromPage = { origin: 'https://page.example' }
  t.is(await outcome(setting, 'no-web', {}, fromPage), '400 unauthorized_client')
  t.is(await outcome(setting, 'near', {}, { 'x-forwarded-for': '192.0.2.9' }), 'codes')
  t.is(await outcome(setting, 'near', {}, { 'x-forwarded-for': '192.0.3.9' }), '400 access_denied')
  t.is(await outcome(setting, 'near'), '400 access_denied')
})

test('the lifetimes of a client replace those of the server', async (t) => {
  const { server } = await started(t, {
    CLIENTS_FILE: { clients: [client('cli', { key_lifetimes: [120, 60] })] },
  })
  const { device_code, user_code } = await authorize(server.url)
  await decide(server.url, user_code, 'approve')
  const answer = await post(server.url, '/oauth/device/token', { client_id: 'cli', device_code })
  t.is(outcomeOf(answer), 'token')
  t.is(membersOf(answer)['expires_in'], 120)
})

test('a client asks for scopes of the catalogue that it may have', async (t) => {
  const setting = await started(t, {
    CLIENTS_FILE: {
      clients: [client('all'), client('reader', { scope: 'read' })],
      scopes: SCOPES,
    },
  })
  t.is(await outcome(setting, 'all', { scope: 'read write' }), 'codes')
  t.is(await outcome(setting, 'reader', { scope: 'read' }), 'codes')
  t.is(await outcome(setting, 'reader', { scope: 'read write' }), '400 invalid_scope')
  t.is(await outcome(setting, 'all', { scope: 'other' }), '400 invalid_scope')
  t.is(membersOf(await ask(setting, 'reader'))['scope'], 'read')
  t.deepEqual(await scopesSupported(setting), ['read', 'write'])
})

test('with SCOPES_FILE alone, every client may ask for the scopes in it', async (t) => {
  const setting = await started(t, { SCOPES_FILE: { scopes: SCOPES } })
  t.is(await outcome(setting, 'whatever', { scope: 'write' }), 'codes')
  t.is(await outcome(setting, 'whatever', { scope: 'other' }), '400 invalid_scope')
  t.deepEqual(await scopesSupported(setting), ['read', 'write'])
})

test('without a catalogue the metadata name the scopes of SCOPES_SUPPORTED', async (t) => {
  const server = await startTestServer({ SCOPES_SUPPORTED: 'a, b:c' })
  t.teardown(server.stop)
  const setting = { server } as Setting
  t.deepEqual(await scopesSupported(setting), ['a', 'b:c'])
  t.is(await outcome(setting, 'cli', { scope: 'other' }), 'codes')
  t.is(server.server.reload, undefined)
})

test('a reload replaces clients, scopes and metadata, and keeps codes', async (t) => {
  const setting = await started(t, {
    CLIENTS_FILE: { clients: [client('old'), client('cli')], scopes: SCOPES },
  })
  const { server, folder } = setting
  const { user_code } = await authorize(server.url, { client_id: 'cli', scope: 'read' })
  await folder.write('CLIENTS_FILE', {
    clients: [client('new'), client('cli')],
    scopes: { read: SCOPES.read, admin: { description: 'Do all' } },
  })
  t.is(await outcome(setting, 'new'), '400 invalid_client')
  await server.server.reload?.()
  t.is(await outcome(setting, 'new', { scope: 'admin' }), 'codes')
  t.is(await outcome(setting, 'new', { scope: 'write' }), '400 invalid_scope')
  t.is(await outcome(setting, 'old'), '400 invalid_client')
  t.deepEqual(await scopesSupported(setting), ['read', 'admin'])
  await decide(server.url, user_code, 'approve')
  t.like(logged(setting, LOADED_AGAIN), [{ clients: 2, scopes: 2 }])
})

for (const [what, clients, polled] of [
  ['is removed from the file', [], 'invalid_client'],
  ['may not use the grant any more', [client('cli', { grant_types: [] })], 'unauthorized_client'],
] as const) {
  test(`a client that ${what} is shown to no person, and gets no key`, async (t) => {
    const setting = await started(t, { CLIENTS_FILE: { clients: [client('cli')] } })
    const { server, folder } = setting
    const [undecided, approved] = [await authorize(server.url), await authorize(server.url)]
    await decide(server.url, approved.user_code, 'approve')
    await folder.write('CLIENTS_FILE', { clients })
    await server.server.reload?.()
    const { user_code } = undecided
    const headers = { 'x-forwarded-user': 'alice' }
    for (const path of [REVIEW, VERIFY_AUTHENTICATED]) {
      const refused = await post(server.url, path, { user_code }, headers)
      t.is(refused.status, 403)
      const detail = 'The service does not allow what the client asks for any more.'
      t.is(membersOf(refused)['detail'], detail)
    }
    const path = `${VERIFY}?user_code=${user_code}`
    const accept = { ...headers, accept: 'text/html' }
    const page = await send(server.url, { method: 'GET', path, headers: accept })
    t.is(page.status, 403)
    t.true(page.text.includes('This device can’t be connected'))
    for (const { device_code } of [undecided, approved]) {
      t.is(await pollOutcome(server.url, device_code), polled)
    }
    await decide(server.url, user_code, 'deny')
  })
}

test('a file that is invalid changes nothing, and one line of the log names its mistakes', async (t) => {
  const setting = await started(t, {
    CLIENTS_FILE: { clients: [client('cli', { scope: 'read' })] },
    SCOPES_FILE: { scopes: SCOPES },
  })
  const { server, folder } = setting
  await folder.write('SCOPES_FILE', { scopes: { write: SCOPES.write } })
  await folder.write('CLIENTS_FILE', {
    clients: [client('new', { colour: 1 }), client('cli', { scope: 'read' })],
  })
  await server.server.reload?.()
  t.is(await outcome(setting, 'cli', { scope: 'read' }), 'codes')
  t.is(await outcome(setting, 'new'), '400 invalid_client')
  t.like(logged(setting, STAYS), [
    {
      level: 50,
      errors: [
        'CLIENTS_FILE: clients[0].colour is an unknown member',
        'CLIENTS_FILE: clients[1].scope has read, which scopes lacks',
      ],
      leftOut: 0,
    },
  ])
  await folder.write('CLIENTS_FILE', { clients: [client('new')] })
  await server.server.reload?.()
  t.is(await outcome(setting, 'new', { scope: 'write' }), 'codes')
  t.is(await outcome(setting, 'new', { scope: 'read' }), '400 invalid_scope')
  t.is(logged(setting, STAYS).length, 1)
  t.is(logged(setting, LOADED_AGAIN).length, 1)
})

test('a line of the log names 20 mistakes at most', async (t) => {
  const setting = await started(t, { CLIENTS_FILE: { clients: [client('cli')] } })
  await setting.folder.write('CLIENTS_FILE', { clients: Array.from({ length: 23 }, (_, i) => i) })
  await setting.server.server.reload?.()
  const errors = Array.from(
    { length: 20 },
    (_, i) => `CLIENTS_FILE: clients[${i}] must be an object`,
  )
  t.like(logged(setting, STAYS), [{ errors, leftOut: 3 }])
})

test('a file that is gone changes nothing', async (t) => {
  const setting = await started(t, { CLIENTS_FILE: { clients: [client('cli')] } })
  await rm(`${setting.folder.path}/CLIENTS_FILE`)
  await setting.server.server.reload?.()
  t.is(await outcome(setting, 'cli'), 'codes')
  t.like(logged(setting, STAYS), [{ errors: ['CLIENTS_FILE: cannot be read (ENOENT)'] }])
})

for (const [title, before, after] of [
  ['come', { clients: [] }, { clients: [], scopes: SCOPES }],
  ['go', { clients: [], scopes: SCOPES }, { clients: [] }],
] as const) {
  test(`a catalogue does not ${title} while the server runs`, async (t) => {
    const setting = await started(t, { CLIENTS_FILE: before })
    const supported = await scopesSupported(setting)
    await setting.folder.write('CLIENTS_FILE', after)
    await setting.server.server.reload?.()
    t.deepEqual(await scopesSupported(setting), supported)
    t.like(logged(setting, STAYS), [
      { errors: ['scopes as a whole can only come or go when the server starts'] },
    ])
  })
}

test('the files are read again every minute, and a log line tells only of changes', async (t) => {
  const setting = await started(t, {
    CLIENTS_FILE: { clients: [client('cli', { logo_file: 'logo.png' })] },
    'logo.png': Buffer.from('old'),
  })
  const { folder, passMinute } = setting
  await folder.write('logo.png', Buffer.from('new'))
  passMinute()
  await eventually('the new logo is loaded', () => logged(setting, LOADED_AGAIN).length === 1)
  passMinute()
  await setting.server.server.reload?.()
  t.is(logged(setting, LOADED_AGAIN).length, 1, 'nothing has changed')
  await folder.write('CLIENTS_FILE', { clients: [client('new')] })
  passMinute()
  await eventually(
    'the new client is known',
    async () => (await outcome(setting, 'new')) === 'codes',
  )
})

test('a server does not start with invalid files', async (t) => {
  const folder = await tempFolder(t)
  const CLIENTS_FILE = await folder.write('clients.json', { clients: [1] })
  const error = await t.throwsAsync(startTestServer({ CLIENTS_FILE }), { instanceOf: ConfigError })
  t.deepEqual(error?.errors, ['CLIENTS_FILE: clients[0] must be an object'])
})
