import { createServer, request } from 'node:http'
import { membersOf } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { isMetadata, logInBelow } from '@device-grant/test-support/mounted-login'
import { whoami } from '@device-grant/test-support/whoami'
import test from 'ava'
import { startTestServer } from './test-server.ts'

test('a whole login works behind a proxy that removes the prefix', async (t) => {
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
    const key = await logInBelow(t, origin, '/auth')
    t.is(membersOf(await whoami(`${origin}/auth`, key))['user'], 'alice')
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
