import { createServer, request } from 'node:http'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { isMetadata, logInBelow } from '@device-grant/test-support/mounted-login'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

/** A server below `path`, behind a proxy that changes the path of each request. */
const startBehindProxy = async (
  t: ExecutionContext,
  path: string,
  rewrite: (path: string) => string,
): Promise<{ readonly origin: string; readonly server: TestServer }> => {
  const target = { port: 0 }
  const proxy = createServer((incoming, outgoing) => {
    const passed = request(
      {
        host: '127.0.0.1',
        port: target.port,
        method: incoming.method,
        path: rewrite(incoming.url ?? '/'),
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
  const server = await startTestServer({ SIGN_IN: 'demo', PUBLIC_URL: `${origin}${path}/` })
  target.port = server.settings.port
  t.teardown(async () => {
    await server.stop()
    await new Promise((resolve) => proxy.close(resolve))
  })
  return { origin, server }
}

// Two of the paths are the beginnings of paths at the root, too.
for (const path of ['/auth', '/oauth', '/api', '/a/b']) {
  for (const [what, rewrite] of [
    ['strips', (url: string) => (url.startsWith(`${path}/`) ? url.slice(path.length) : url)],
    ['keeps', (url: string) => url],
  ] as const) {
    test(`a whole login works behind a proxy that ${what} the path ${path}`, async (t) => {
      const { origin } = await startBehindProxy(t, path, rewrite)
      const key = await logInBelow(t, origin, path)
      t.is(membersOf(await whoami(`${origin}${path}`, key))['user'], 'alice')
      await isMetadata(t, origin, path, [
        '/.well-known/oauth-authorization-server',
        `/.well-known/oauth-authorization-server${path}`,
        `/.well-known/openid-configuration${path}`,
        `${path}/.well-known/openid-configuration`,
        `${path}/.well-known/oauth-authorization-server`,
      ])
      for (const [start, query] of [
        [`${path}/`, ''],
        [path, ''],
        [path, '?a=b'],
      ] as const) {
        if (what === 'strips' && start === path) continue
        const reply = await send(origin, { method: 'GET', path: start + query })
        t.is(reply.status, 200, start)
        t.true(reply.text.includes(`href="${path}/oauth/device/verify"`), start)
      }
      for (const other of [`${path}x/oauth/device/verify`, `${path}/oauth/device/none`, '/none']) {
        const reply = await send(origin, { method: 'GET', path: other })
        t.is(reply.status, 404, other)
      }
    })
  }
}
