import { readdir, readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  newKeyFolder,
  runLoginExample,
  startLoginExample,
} from '@device-grant/test-support/login-example'
import { decide } from '@device-grant/test-support/person'
import test from 'ava'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { startTestServer, type TestServer } from './test-server.ts'

/** Reads the server's metadata as `oauth4webapi` needs them. */
const discover = async (
  url: string,
  algorithm: 'oauth2' | 'oidc' = 'oauth2',
): Promise<oauth.AuthorizationServer> => {
  const issuer = new URL(url)
  const options = { algorithm, [oauth.allowInsecureRequests]: true }
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
}

const INSECURE = { [oauth.allowInsecureRequests]: true }
const CLIENT: oauth.Client = { client_id: 'cli' }

const start = async (
  as: oauth.AuthorizationServer,
  authentication: oauth.ClientAuth = oauth.None(),
): Promise<oauth.DeviceAuthorizationResponse> =>
  oauth.processDeviceAuthorizationResponse(
    as,
    CLIENT,
    await oauth.deviceAuthorizationRequest(
      as,
      CLIENT,
      authentication,
      { scope: 'whoami' },
      INSECURE,
    ),
  )

/** Polls once. Returns the token, or the error that the library throws. */
const pollOnce = async (
  as: oauth.AuthorizationServer,
  deviceCode: string,
  client: oauth.Client = CLIENT,
  authentication: oauth.ClientAuth = oauth.None(),
): Promise<oauth.TokenEndpointResponse | string> => {
  const response = await oauth.deviceCodeGrantRequest(
    as,
    client,
    authentication,
    deviceCode,
    INSECURE,
  )
  try {
    return await oauth.processDeviceCodeResponse(as, client, response)
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError && error.status === 400) return error.error
    throw error
  }
}

for (const algorithm of ['oauth2', 'oidc'] as const) {
  test(`oauth4webapi logs in, found by ${algorithm} discovery`, async (t) => {
    const { url, clock, stop } = await startTestServer()
    t.teardown(stop)
    const as = await discover(url, algorithm)
    const codes = await start(as)
    t.is(codes.interval, 5)
    t.is(await pollOnce(as, codes.device_code), 'authorization_pending')
    clock.pass(5_000)
    t.is(await pollOnce(as, codes.device_code), 'authorization_pending')
    clock.pass(2_500)
    t.is(await pollOnce(as, codes.device_code), 'slow_down')
    clock.pass(7_500)
    t.is(await pollOnce(as, codes.device_code), 'authorization_pending')
    await decide(url, codes.user_code, 'approve')
    clock.pass(10_000)
    const token = await pollOnce(as, codes.device_code)
    if (typeof token === 'string') return t.fail(token)
    t.is(token.token_type, 'bearer')
    t.is(token.expires_in, 86_400)
    t.is(token.scope, 'whoami')
    const whoami = await oauth.protectedResourceRequest(
      token.access_token,
      'GET',
      new URL(`${url}/api/whoami`),
      undefined,
      undefined,
      INSECURE,
    )
    t.like(await whoami.json(), { user: 'alice', scope: 'whoami' })
    clock.pass(5_000)
    t.is(await pollOnce(as, codes.device_code), 'invalid_grant')
  })
}

test('oauth4webapi gets access_denied after a denial', async (t) => {
  const { url, stop } = await startTestServer()
  t.teardown(stop)
  const as = await discover(url)
  const codes = await start(as)
  t.is(await pollOnce(as, codes.device_code), 'authorization_pending')
  await decide(url, codes.user_code, 'deny')
  t.is(await pollOnce(as, codes.device_code), 'access_denied')
})

test('oauth4webapi gets expired_token after the expiry', async (t) => {
  const { url, clock, stop } = await startTestServer()
  t.teardown(stop)
  const as = await discover(url)
  const codes = await start(as)
  clock.pass(codes.expires_in * 1000)
  t.is(await pollOnce(as, codes.device_code), 'expired_token')
  clock.pass(600_000)
  t.is(await pollOnce(as, codes.device_code), 'invalid_grant')
})

test('oauth4webapi as another client gets invalid_grant, before and after the approval', async (t) => {
  const { url, stop } = await startTestServer()
  t.teardown(stop)
  const as = await discover(url)
  const codes = await start(as)
  t.is(await pollOnce(as, codes.device_code, { client_id: 'other' }), 'invalid_grant')
  await decide(url, codes.user_code, 'approve')
  t.is(await pollOnce(as, codes.device_code, { client_id: 'other' }), 'invalid_grant')
  t.is(typeof (await pollOnce(as, codes.device_code)), 'object')
})

test('oauth4webapi may send Basic with an empty secret, but not with a real one', async (t) => {
  const { url, stop } = await startTestServer()
  t.teardown(stop)
  const as = await discover(url)
  const emptySecret: oauth.ClientAuth = (_as, { client_id }, _body, headers) => {
    headers.set('authorization', `Basic ${btoa(`${client_id}:`)}`)
  }
  const codes = await start(as, emptySecret)
  t.is(await pollOnce(as, codes.device_code, CLIENT, emptySecret), 'authorization_pending')
  const error = await t.throwsAsync(
    pollOnce(as, codes.device_code, CLIENT, oauth.ClientSecretBasic('secret')),
    { instanceOf: oauth.WWWAuthenticateChallengeError },
  )
  t.is(error?.status, 401)
})

/** Configures `openid-client` as a program does. `onPolled` runs after each poll. */
const openidClient = async (
  { url }: TestServer,
  clientId: string,
  onPolled: (status: number, body: string) => Promise<void> = async () => {},
): Promise<openid.Configuration> => {
  const config = await openid.discovery(new URL(url), clientId, undefined, openid.None(), {
    execute: [openid.allowInsecureRequests],
  })
  config[openid.customFetch] = async (input, init) => {
    const response = await fetch(input, init as RequestInit)
    if (input.endsWith('/token')) await onPolled(response.status, await response.clone().text())
    return response
  }
  return config
}

test('openid-client polls, waits and logs in', async (t) => {
  const server = await startTestServer({ POLL_INTERVAL: '1' })
  t.teardown(server.stop)
  const polls: string[] = []
  const config = await openidClient(server, 'cli', async (status, body) => {
    polls.push(`${status} ${(JSON.parse(body) as { error?: string }).error ?? 'token'}`)
    server.clock.pass(1_000)
    if (polls.length === 1) await decide(server.url, codes.user_code, 'approve')
  })
  const codes = await openid.initiateDeviceAuthorization(config, { scope: 'whoami' })
  const token = await openid.pollDeviceAuthorizationGrant(config, codes)
  t.deepEqual(polls, ['400 authorization_pending', '200 token'])
  t.is(token.expires_in, 86_400)
  const whoami = await openid.fetchProtectedResource(
    config,
    token.access_token,
    new URL(`${server.url}/api/whoami`),
    'GET',
  )
  t.like(await whoami.json(), { user: 'alice' })
})

const ENDS: Readonly<
  Record<string, (server: TestServer, userCode: string) => Promise<void> | void>
> = {
  access_denied: ({ url }, userCode) => decide(url, userCode, 'deny'),
  expired_token: ({ clock }) => clock.pass(600_000),
  invalid_grant: () => {},
}

for (const [error, end] of Object.entries(ENDS)) {
  test(`openid-client stops at ${error}`, async (t) => {
    const server = await startTestServer({ POLL_INTERVAL: '1' })
    t.teardown(server.stop)
    const asks = await openidClient(server, 'cli')
    const polls = error === 'invalid_grant' ? await openidClient(server, 'other') : asks
    const codes = await openid.initiateDeviceAuthorization(asks, {})
    await end(server, codes.user_code)
    const thrown = await t.throwsAsync(openid.pollDeviceAuthorizationGrant(polls, codes), {
      instanceOf: openid.ResponseBodyError,
    })
    t.is(thrown?.error, error)
    t.is(thrown?.status, 400)
  })
}

test('the login example shows the code, and prints the owner of its key', async (t) => {
  const server = await startTestServer({ POLL_INTERVAL: '1' })
  t.teardown(server.stop)
  server.clock.start()
  const login = await startLoginExample(t, server.url)
  await decide(server.url, login.userCode, 'approve')
  const { exitCode, out, err } = await login.ended
  t.is(exitCode, 0, err)
  t.regex(err, /\b[B-Z]{4}-[B-Z]{4}\b/)
  t.true(err.includes(`${server.url}/oauth/device/verify\n`))
  t.like(JSON.parse(out), { user: 'alice', scope: 'whoami', device_name: hostname() })
  t.notRegex(out + err, /dg_/)
})

test('the login example keeps its key for itself, and logout revokes and forgets it', async (t) => {
  const { url, useCases, stop } = await startTestServer({ POLL_INTERVAL: '1' })
  t.teardown(stop)
  const folder = newKeyFolder(t)
  const env = { KEY_FOLDER: folder }
  const early = await runLoginExample(t, ['logout', url], env)
  t.is(early.exitCode, 1)
  t.regex(early.err, /not logged in at/)
  const login = await startLoginExample(t, url, env)
  await decide(url, login.userCode, 'approve')
  t.is((await login.ended).exitCode, 0)
  const files = await readdir(folder)
  t.is(files.length, 1)
  const keyFile = join(folder, String(files[0]))
  // Windows has no such bits.
  if (process.platform !== 'win32') t.is((await stat(keyFile)).mode & 0o077, 0)
  const { api_key: apiKey } = JSON.parse(await readFile(keyFile, 'utf8'))
  const again = await runLoginExample(t, url, env)
  t.deepEqual([again.exitCode, again.err], [0, ''], 'the key is used again')
  t.regex((await runLoginExample(t, ['whoami', url], env)).out, /^Logged in at .+ as alice, until /)
  t.is((await useCases.authenticateApiKey(apiKey)).outcome, 'valid')
  const { exitCode, out } = await runLoginExample(t, ['logout', url], env)
  t.is(exitCode, 0)
  t.regex(out, /Logged out/)
  t.false(out.includes(apiKey))
  t.deepEqual(await useCases.authenticateApiKey(apiKey), { outcome: 'revoked' })
  t.is((await runLoginExample(t, ['whoami', url], env)).exitCode, 1)
  await t.throwsAsync(stat(keyFile), { code: 'ENOENT' })
  t.deepEqual(await readdir(folder), [])
})

test('docs/clients.md shows the programs that `npm run clients` runs', async (t) => {
  const inRepository = (path: string): URL => new URL(`../../../${path}`, import.meta.url)
  const docs = await readFile(inRepository('docs/clients.md'), 'utf8')
  const shown = [...docs.matchAll(/\(\.\.\/(examples\/clients\/.+?)\)\.?\s+```\w+\n(.+?)```/gs)]
  t.is(shown.length, 5)
  for (const [, path = '', program] of shown) {
    t.is(program, await readFile(inRepository(path), 'utf8'), path)
  }
})
