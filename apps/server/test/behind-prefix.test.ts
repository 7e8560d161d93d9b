import { createServer, request } from 'node:http'
import { isMetadata, listen, login } from '@device-grant/test-support/mounted-login'
import { membersOf, send } from '@device-grant/test-support/wire-exchange'
import test from 'ava'
import { startTestServer } from './reference-server.ts'

test('a whole login works behind a proxy that takes the prefix away', async (t) => {
  const target = { port: 0 }
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url?.startsWith('/auth/')
      ? incoming.url.slice('/auth'.length)
      : incoming.url
    const passed = request(
      {
        host: '127.0.0.1',
        port: target.port,
        method: incoming.method,
        path,
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(passed)
  })
  const origin = await listen(proxy)
  const server = await startTestServer({ SIGN_IN: 'demo', PUBLIC_URL: `${origin}/auth/` })
  target.port = server.settings.port
  try {
    const key = await login(t, origin, '/auth')
    const path = '/auth/api/whoami'
    const whoami = await send(origin, {
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${key}` },
    })
    t.is(membersOf(whoami)['user'], 'alice')
    await isMetadata(t, origin, '/auth', [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/auth',
      '/.well-known/openid-configuration/auth',
      '/auth/.well-known/openid-configuration',
    ])
  } finally {
    await server.stop()
    await new Promise((resolve) => proxy.close(resolve))
  }
})
