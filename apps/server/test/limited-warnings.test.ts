import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

/** Sends the header of the proxy twice, so that it may be forged. */
const forgeHeader = (server: TestServer): Promise<unknown> =>
  send(server.url, {
    method: 'GET',
    path: '/oauth/device/keys',
    headers: { 'x-forwarded-user': ['alice', 'mallory'] },
  })

const openSignIn = (server: TestServer): Promise<unknown> =>
  send(server.url, { method: 'GET', path: '/oauth/device/sign-in' })

const WARNINGS: readonly (readonly [
  text: string,
  cause: (server: TestServer) => Promise<unknown>,
  env: () => Promise<Readonly<Record<string, string>>>,
])[] = [
  ['a sign-in header that may be forged', forgeHeader, async () => ({})],
  [
    'operation failed: find the OpenID provider',
    openSignIn,
    async () => ({
      SIGN_IN: 'oidc',
      OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
      OIDC_CLIENT_ID: 'device-grant',
      OIDC_CLIENT_SECRET: 'hush',
    }),
  ],
]

for (const [text, cause, env] of WARNINGS) {
  test(`a warning is logged every 5 s with the number left out: ${text}`, async (t) => {
    const server = await startTestServer(await env())
    t.teardown(server.stop)
    const lines = (): readonly { readonly leftOut?: number }[] =>
      server.log.filter((line) => line.includes(text)).map((line) => JSON.parse(line))
    await cause(server)
    for (let i = 0; i < 10; i++) await cause(server)
    t.is(lines().length, 1)
    server.clock.pass(5_000)
    await cause(server)
    t.is(lines().length, 2)
    t.is(lines()[0]?.leftOut, undefined)
    t.is(lines()[1]?.leftOut, 10)
  })
}
