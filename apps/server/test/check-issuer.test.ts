import { createServer } from 'node:http'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

/** A provider that names this path below its address as its issuer. */
const provider = async (t: ExecutionContext, path: string): Promise<string> => {
  const server = createServer(({ url }, response) => {
    response.statusCode = url?.endsWith('/realm/.well-known/openid-configuration') ? 200 : 404
    response.end(JSON.stringify({ issuer: `${origin}${path}` }))
  })
  const origin = await listen(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return origin
}

const startWith = async (t: ExecutionContext, issuer: string): Promise<TestServer> => {
  const server = await startTestServer({
    SIGN_IN: 'oidc',
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: 'hunter2',
  })
  t.teardown(server.stop)
  return server
}

const lineWith = async ({ log }: TestServer, text: string): Promise<Record<string, unknown>> => {
  await eventually(`a line with ${text}`, () => log.some((line) => line.includes(text)))
  return JSON.parse(log.find((line) => line.includes(text)) ?? '')
}

test('an issuer with a slash too many is found at start, and both values are logged', async (t) => {
  const origin = await provider(t, '/realm')
  const server = await startWith(t, `${origin}/realm/`)
  const line = await lineWith(server, 'not the issuer')
  t.is(line['level'], 50)
  t.is(line['configured'], `${origin}/realm/`)
  t.is(line['named'], `${origin}/realm`)
})

test('a provider that names the issuer is found', async (t) => {
  const origin = await provider(t, '/realm')
  const server = await startWith(t, `${origin}/realm`)
  t.is((await lineWith(server, 'OpenID provider'))['msg'], 'OpenID provider found')
})

test('a provider that does not answer or is none is logged with the cause', async (t) => {
  const port = await freePort()
  const down = await startWith(t, `http://127.0.0.1:${port}`)
  t.regex(String((await lineWith(down, 'provider not found'))['cause']), /ECONNREFUSED/)
  const other = await startWith(t, `${await provider(t, '/realm')}/other`)
  t.regex(String((await lineWith(other, 'provider not found'))['cause']), /HTTP 404 from http/)
})
