import { createHash } from 'node:crypto'
import { type StateStore, StoreUnavailableError, TOKENS } from '@device-grant/core'
import { basic } from '@device-grant/test-support/authorization-header'
import { authorize, outcomeOf, poll } from '@device-grant/test-support/device'
import { AUTHORIZE, TOKEN } from '@device-grant/test-support/endpoints'
import { FORM, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { sendBytes } from '@device-grant/test-support/raw-socket'
import { whoami } from '@device-grant/test-support/whoami'
import test from 'ava'
import { ConfigError, readConfig } from '#src/config.js'
import { startTestServer } from './test-server.ts'

test('SEC-10: neither the log nor a dump of the stores holds a device code or an API key', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { url, clock } = server
  const container = server.server.container
  const secrets: string[] = []
  const dumps: string[] = []
  const codesOf = async (): Promise<{ device_code: string; user_code: string }> => {
    const codes = await authorize(url, { client_id: 'cli', scope: 'whoami' })
    secrets.push(codes.device_code)
    dumps.push(server.dump())
    return codes
  }
  const pollOf = async (deviceCode: string): Promise<string> => {
    const answer = await poll(url, deviceCode)
    const key = membersOf(answer)['access_token']
    if (typeof key === 'string') secrets.push(key)
    dumps.push(server.dump())
    return outcomeOf(answer)
  }
  const statusOf = async (key: string): Promise<number> => (await whoami(url, key)).status

  // A login with a key that is used, mistyped, revoked and used again.
  const normal = await codesOf()
  t.is(await pollOf(normal.device_code), 'authorization_pending')
  await decide(url, normal.user_code, 'approve')
  t.is(await pollOf(normal.device_code), 'token')
  t.is(await pollOf(normal.device_code), 'slow_down')
  const key = secrets.at(-1) ?? ''
  clock.pass(2_000)
  t.is(await pollOf(normal.device_code), 'token')
  t.is(secrets.at(-1), key)
  t.is(await statusOf(key), 200)
  t.is(await pollOf(normal.device_code), 'invalid_grant')
  t.is(await statusOf(key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x')), 401)
  secrets.push(key.slice(-49, -6))
  await server.useCases.revokeAllApiKeys('alice')
  t.is(await statusOf(key), 401)

  // A denial, an expiry and early polls.
  const denied = await codesOf()
  await decide(url, denied.user_code, 'deny')
  t.is(await pollOf(denied.device_code), 'access_denied')
  const expired = await codesOf()
  for (let i = 0; i < 3; i++) await pollOf(expired.device_code)
  clock.pass(600_000)
  t.is(await pollOf(expired.device_code), 'expired_token')

  // Errors of every store, expected and unexpected.
  for (const error of [
    new StoreUnavailableError('The store is down'),
    new TypeError('An unexpected error'),
  ]) {
    for (const name of [
      TOKENS.DeviceGrants,
      TOKENS.UserCodeClaims,
      TOKENS.ApiKeys,
      TOKENS.CutOffs,
    ]) {
      const faulty = await codesOf()
      await decide(url, faulty.user_code, 'approve')
      const store = container.get<StateStore<never>>(name)
      const update = store.update
      store.update = async () => {
        throw error
      }
      const meanwhile = await pollOf(faulty.device_code)
      t.is(meanwhile, name === TOKENS.UserCodeClaims ? 'token' : 'slow_down')
      await post(url, AUTHORIZE, { client_id: 'cli' })
      await statusOf(key)
      await t.throwsAsync(decide(url, faulty.user_code, 'deny'))
      store.update = update
      clock.pass(2_000)
      t.is(await pollOf(faulty.device_code), 'token')
      t.is(await statusOf(secrets.at(-1) ?? ''), 200)
    }
  }

  // Secrets in wrong places of a request.
  const misplaced = await codesOf()
  const code = misplaced.device_code
  await send(url, { path: `${TOKEN}?device_code=${code}`, headers: { 'user-agent': code } })
  await send(url, { method: 'GET', path: `/oauth/device/${code}` })
  await send(url, { path: TOKEN, headers: { 'content-type': FORM }, body: `${code}=1&${code}=2` })
  await post(url, TOKEN, { device_code: code, grant_type: code })
  await post(url, TOKEN, { device_code: code }, basic(`cli:${code}`))
  await sendBytes(url, `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\n${code}\0: ${code}\r\n\r\n`)

  await server.stop()
  const log = server.log.join('')
  t.true(secrets.length > 15 && secrets.every((secret) => secret.length > 20))
  t.true(dumps.every((dump) => dump.length > 100))
  // The hashes are found, so the search works.
  const grantId = createHash('sha256').update(normal.device_code).digest('base64url')
  t.true(log.includes(grantId))
  t.true(dumps[0]?.includes(grantId))
  t.true(dumps.at(-1)?.includes(createHash('sha256').update(key).digest('base64url')))
  for (const secret of secrets) {
    t.false(log.includes(secret))
    for (const dump of dumps) t.false(dump.includes(secret))
  }
})

test('no error of the settings contains a secret', (t) => {
  const secret = 'hunter2-hunter2'
  const error = t.throws(
    () =>
      readConfig({
        SESSION_SECRET: secret,
        REDIS_URL: `http://:${secret}@redis`,
        MONGODB_URI: `http://user:${secret}@mongo`,
        PUBLIC_URL: `https://user:${secret}@login.example.com`,
        SIGN_IN: 'oidc',
        OIDC_ISSUER: `ftp://user:${secret}@idp.example.com`,
        OIDC_CLIENT_SECRET: secret,
      }),
    { instanceOf: ConfigError },
  )
  t.true((error?.errors.length ?? 0) >= 5)
  t.false(String(error?.errors.join('\n')).includes(secret))
})
