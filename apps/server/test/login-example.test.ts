import { createServer } from 'node:http'
import { freePort } from '@device-grant/test-support/free-port'
import { runLoginExample, startLoginExample } from '@device-grant/test-support/login-example'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'

interface Answer {
  readonly status?: number
  readonly body: object | string
}

/** A server with made-up answers, from the path and the server's own URL. */
const pretend = async (
  t: ExecutionContext,
  answer: (path: string, url: string) => Answer,
): Promise<{ readonly url: string; stop(): void }> => {
  const server = createServer((request, response) => {
    const { status = 200, body } = answer(request.url ?? '', url)
    response.statusCode = status
    response.setHeader('Content-Type', typeof body === 'string' ? 'text/html' : 'application/json')
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const url = await listen(server)
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  t.teardown(stop)
  return { url, stop }
}

/** Answers metadata, codes with this lifetime in seconds, and the same error to every poll. */
const pretendDeviceGrant = (
  t: ExecutionContext,
  seconds: number,
  error: string,
  polled: () => void = () => {},
): ReturnType<typeof pretend> =>
  pretend(t, (path, url) => {
    if (path.startsWith('/.well-known/')) {
      const endpoints = { token_endpoint: `${url}/t`, device_authorization_endpoint: `${url}/a` }
      return { body: { issuer: url, ...endpoints } }
    }
    if (path === '/t') {
      polled()
      return { status: 400, body: { error } }
    }
    const codes = { device_code: 'x', user_code: 'WDJB-MJHT', verification_uri: `${url}/v` }
    return { body: { ...codes, expires_in: seconds, interval: 1 } }
  })

for (const given of ['localhost:3000', 'ftp://localhost', 'http://', 'nonsense']) {
  test(`${given} is refused with a reason`, async (t) => {
    const { exitCode, err } = await runLoginExample(t, given)
    t.is(exitCode, 2)
    t.true(err.includes(`${given} is not an http:// or https:// address`))
    t.true(err.includes('npm run login -- [base URL]'))
  })
}

test('--help prints the usage', async (t) => {
  const { exitCode, out, err } = await runLoginExample(t, '--help')
  t.is(exitCode, 0)
  t.true(out.includes('npm run login -- [base URL]'))
  t.is(err, '')
})

test('a missing server, a wrong server and a server under another name have their own messages', async (t) => {
  const port = await freePort()
  const page = await pretend(t, () => ({ body: '<p>Hello' }))
  const missing = await pretend(t, () => ({ status: 404, body: 'Not Found' }))
  const other = await pretend(t, () => ({ body: { issuer: 'https://login.example' } }))
  for (const [given, said] of [
    [`http://localhost:${port}`, `Nothing listens at localhost:${port}`],
    ['http://host.invalid', 'Host host.invalid was not found'],
    [page.url, 'returned no JSON'],
    [missing.url, `${missing.url}/.well-known/oauth-authorization-server returned HTTP 404`],
    [other.url, 'The address of this server is https://login.example. Use that address.'],
    [other.url.replace('http:', 'https:'), `TLS failed at ${new URL(other.url).host}: ERR_SSL_`],
  ] as const) {
    const { exitCode, err } = await runLoginExample(t, given)
    t.is(exitCode, 1)
    t.true(err.includes(said), `${given}: ${err}`)
    t.is(err.trim().split('\n').length, 1, err)
  }
})

test('a code that expires during the wait is reported, by the example or by the server', async (t) => {
  for (const [seconds, error] of [
    [1, 'authorization_pending'],
    [600, 'expired_token'],
  ] as const) {
    const { url } = await pretendDeviceGrant(t, seconds, error)
    const { exitCode, err } = await runLoginExample(t, url)
    t.is(exitCode, 1)
    t.regex(err, /\.\.\.\n {2}The code has expired\. Run the login again\.\n$/)
  }
})

test('any other refusal is reported, and a server that stops during the wait is polled again', async (t) => {
  const refusing = await pretendDeviceGrant(t, 600, 'invalid_grant')
  const refused = await runLoginExample(t, refusing.url)
  t.regex(refused.err, /\.\.\.\n {2}The login failed: invalid_grant\n$/)
  const stopping = await pretendDeviceGrant(t, 3, '', () => stopping.stop())
  const lines = (await runLoginExample(t, stopping.url)).err.trim().split(/\n */)
  t.deepEqual(lines.slice(-3, -2), ['Waiting for approval ...'])
  t.regex(
    lines.at(-2) ?? '',
    /^The server did not answer \(\w+\)\. Retrying until the code expires\.$/,
  )
  t.is(lines.at(-1), 'The code has expired. Run the login again.')
})

test('Ctrl-C ends the wait, and leaves nothing on stdout', async (t) => {
  const { url } = await pretendDeviceGrant(t, 600, 'authorization_pending')
  const login = await startLoginExample(t, url)
  login.interrupt()
  const { exitCode, out, err } = await login.ended
  t.is(exitCode, 130)
  t.is(out, '')
  t.regex(err, /Enter +WDJB-MJHT\n\n.*\n\n$/)
})
