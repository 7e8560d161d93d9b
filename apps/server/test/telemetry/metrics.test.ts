import { createServer } from 'node:http'
import { StoreUnavailableError, TOKENS } from '@device-grant/core'
import { authorize, pickUp, poll, pollOutcome } from '@device-grant/test-support/device'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { post, send } from '@device-grant/test-support/http-exchange'
import { listen, portOf } from '@device-grant/test-support/loopback'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import parseWithLibrary from 'parse-prometheus-text-format'
import { Metrics } from '#src/telemetry/metrics.js'
import { breakStore } from '../break-store.ts'
import { startTestServer, type TestServer } from '../test-server.ts'
import { parseMetrics, type SeriesValues } from './prometheus-text.ts'

interface MeasuredServer extends TestServer {
  readonly metricsUrl: string
  scrape(): Promise<SeriesValues>
}

const SECRET = { SESSION_SECRET: 'a secret of thirty-two characters' }

const start = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredServer> => {
  const port = await freePort()
  const server = await startTestServer({ METRICS_PORT: String(port), ...env })
  t.teardown(server.stop)
  const metricsUrl = `http://127.0.0.1:${port}`
  const scrape = async (): Promise<SeriesValues> => {
    const { text } = await send(metricsUrl, { method: 'GET', path: '/metrics' })
    return parseMetrics(text)
  }
  return { ...server, metricsUrl, scrape }
}

/** The series of this server's own metrics that grew, and by how much. */
const grown = (before: SeriesValues, after: SeriesValues): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...after]
      .map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const)
      .filter(([series, by]) => series.startsWith('device_grant_') && by !== 0)
      .map(([series, by]) => [series.replace('device_grant_', ''), by]),
  )

/** What a piece of work adds to the metrics. */
const growth = async (
  { scrape }: MeasuredServer,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> => {
  const before = await scrape()
  await work()
  return grown(before, await scrape())
}

test('a login is counted, from the code to the use of its key', async (t) => {
  const server = await start(t)
  const { url } = server
  const counted = await growth(server, async () => {
    const codes = await authorize(url)
    await pollOutcome(url, codes.device_code)
    await decide(url, codes.user_code, 'approve')
    const key = await pickUp(url, codes.device_code)
    await whoami(url, key)
    await whoami(url, key)
    await whoami(url, key.slice(0, -1))
  })
  t.deepEqual(counted, {
    codes_issued_total: 1,
    'polls_total{outcome="authorization_pending"}': 1,
    'polls_total{outcome="granted"}': 1,
    'decisions_total{decision="approved"}': 1,
    'logins_total{outcome="completed"}': 1,
    'key_checks_total{outcome="valid"}': 2,
    'key_checks_total{outcome="malformed"}': 1,
  })
})

test('a login that is issued its key again is counted once', async (t) => {
  const server = await start(t)
  const { url, clock } = server
  const codes = await authorize(url)
  await decide(url, codes.user_code, 'approve')
  const counted = await growth(server, async () => {
    await pickUp(url, codes.device_code)
    clock.pass(3_000)
    await pickUp(url, codes.device_code)
  })
  t.deepEqual(counted, {
    'polls_total{outcome="granted"}': 2,
    'logins_total{outcome="completed"}': 1,
  })
})

test('denied and expired logins, early polls and unknown codes are counted', async (t) => {
  const server = await start(t)
  const { url, clock } = server
  const counted = await growth(server, async () => {
    const denied = await authorize(url)
    const expired = await authorize(url)
    await decide(url, denied.user_code, 'deny')
    t.is(await pollOutcome(url, denied.device_code), 'access_denied')
    for (let i = 0; i < 3; i++) await poll(url, expired.device_code)
    clock.pass(601_000)
    t.is(await pollOutcome(url, expired.device_code), 'expired_token')
    t.is(await pollOutcome(url, 'unknown'), 'invalid_grant')
  })
  t.deepEqual(counted, {
    codes_issued_total: 2,
    'polls_total{outcome="access_denied"}': 1,
    'polls_total{outcome="authorization_pending"}': 2,
    'polls_total{outcome="slow_down"}': 1,
    'polls_total{outcome="expired_token"}': 1,
    'polls_total{outcome="invalid_grant"}': 1,
    'decisions_total{decision="denied"}': 1,
    'logins_total{outcome="denied"}': 1,
    'logins_total{outcome="expired"}': 1,
  })
})

test('limits that are hit are counted', async (t) => {
  const server = await start(t, { AUTHORIZE_LIMIT: '1', MAX_CONNECTIONS: '1' })
  const { url } = server
  const counted = await growth(server, async () => {
    await authorize(url)
    await post(url, '/oauth/device/authorize')
    for (let i = 0; i < 6; i++) {
      await post(
        url,
        '/oauth/device/verify-authenticated',
        { user_code: 'BBBB-BBBB' },
        { 'x-forwarded-user': 'mallory' },
      )
    }
  })
  t.deepEqual(counted, {
    codes_issued_total: 1,
    'limits_hit_total{limit="codes_of_address"}': 1,
    'limits_hit_total{limit="wrong_user_codes"}': 1,
  })
  const refused = await growth(server, async () => {
    const open = await fetch(`${url}/healthz`)
    await t.throwsAsync(send(url, { method: 'GET', path: '/healthz' }))
    await open.text()
  })
  t.deepEqual(refused, { 'limits_hit_total{limit="connections"}': 1 })
})

test('a key check that fails is counted', async (t) => {
  const server = await start(t)
  const { url } = server
  const codes = await authorize(url)
  await decide(url, codes.user_code, 'approve')
  const key = await pickUp(url, codes.device_code)
  breakStore(server, TOKENS.ApiKeys)
  t.deepEqual(await growth(server, () => whoami(url, key)), {
    'key_checks_total{outcome="error"}': 1,
  })
})

test('a store that is down is counted, with the commands that fail', async (t) => {
  const server = await start(t, { ...SECRET, REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  const failing = async (): Promise<boolean> =>
    (await server.scrape()).get('device_grant_store_up{store="redis"}') === 0
  await eventually('the store is down', failing)
  const before = await server.scrape()
  t.is(before.get('device_grant_store_outages_total{store="redis"}'), 1)
  t.is((await post(server.url, '/oauth/device/authorize')).status, 503)
  const after = await server.scrape()
  const commands = 'device_grant_store_command_duration_seconds'
  const labels = 'store="redis",outcome="unavailable"'
  t.is(after.get(`${commands}_count{${labels}}`), 1)
  t.is(after.get(`${commands}_bucket{${labels},le="+Inf"}`), 1)
  t.true(Number(after.get(`${commands}_sum{${labels}}`)) > 0)
  t.is(after.get(`${commands}_count{store="redis",outcome="ok"}`), 0)
})

const CHARACTERS = 'abcXYZ019-._~%/"\\{}=,\n é漢'
const random = (length: number): string =>
  Array.from({ length }, () => CHARACTERS[Math.floor(Math.random() * CHARACTERS.length)]).join('')

test('10 000 random clients, programs, paths and keys add no series', async (t) => {
  const server = await start(t)
  const { useCases, url, scrape } = server
  const login = async (i: number): Promise<void> => {
    const device = { address: `10.0.${i >> 8}.${i & 255}`, userAgent: random(20) }
    const clientId = random(10)
    const asked = await useCases.authorizeDevice({ clientId, scope: random(5), device })
    if (asked.outcome !== 'issued') throw new Error(asked.outcome)
    const { deviceCode, userCode } = asked
    await useCases.pollForToken({ deviceCode, clientId: i % 2 ? clientId : random(10) })
    const decision = i % 3 ? 'approve' : 'deny'
    await useCases.answerUserCode({ userCode, decision, person: random(8) })
    await useCases.pollForToken({ deviceCode, clientId })
    await useCases.authenticateApiKey(random(60))
  }
  await login(0)
  const before = await scrape()
  for (let i = 0; i < 10_000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => login(i + j)))
    // Requests take longer, so there are fewer of them.
    await send(url, {
      method: 'GET',
      path: `/${encodeURIComponent(random(12))}`,
      headers: { 'user-agent': encodeURI(random(12)), 'x-request-id': `r${i}` },
    })
  }
  const after = await scrape()
  // The kinds of garbage collection come from V8.
  const names = (values: SeriesValues): readonly string[] =>
    [...values.keys()].filter((series) => !series.startsWith('nodejs_gc_'))
  t.deepEqual(names(after), names(before))
  t.is(after.get('device_grant_codes_issued_total'), 10_001)
})

test('a library for Prometheus reads the same values', async (t) => {
  const server = await start(t, { ...SECRET, REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  await poll(server.url, 'unknown')
  const { text, headers } = await send(server.metricsUrl, { method: 'GET', path: '/metrics' })
  t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const values = parseMetrics(text)
  const families = parseWithLibrary(text)
  t.true(families.length > 20)
  for (const { name, help, type, metrics } of families) {
    t.not(help, '', name)
    if (type === 'HISTOGRAM' || type === 'SUMMARY') continue
    for (const { labels = {}, value } of metrics) {
      const pairs = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
      t.is(values.get(name + (pairs.length ? `{${pairs}}` : '')), Number(value), name)
    }
  }
  const named = (name: string) => families.find((family) => family.name === name)
  t.is(named('device_grant_store_command_duration_seconds')?.type, 'HISTOGRAM')
  t.is(named('nodejs_eventloop_lag_p99_seconds')?.type, 'GAUGE')
  t.regex(
    String(named('device_grant_build_info')?.metrics[0]?.labels?.['version']),
    /^\d+\.\d+\.\d/,
  )
})

test('buckets of a histogram add up', async (t) => {
  const metrics = new Metrics([{ name: 'redis', watch: { isDown: false, outages: 0 } }])
  const answers = [async () => 1, async () => Promise.reject(new StoreUnavailableError('down'))]
  const store = metrics.measure({ update: async (i: number) => answers[i % 2]?.() }, 'redis')
  await Promise.allSettled([store.update(0), store.update(1), store.update(2)])
  const values = parseMetrics(await metrics.text())
  const name = 'device_grant_store_command_duration_seconds'
  for (const [outcome, count] of [
    ['ok', 2],
    ['unavailable', 1],
    ['conflict', 0],
  ] as const) {
    const labels = `store="redis",outcome="${outcome}"`
    const buckets = [...values].filter(([series]) => series.startsWith(`${name}_bucket{${labels}`))
    const counts = buckets.map(([, value]) => value)
    t.deepEqual(counts, [...counts].sort(), 'each bucket has those below it')
    t.is(counts.at(-1), count)
    t.is(values.get(`${name}_count{${labels}}`), count)
  }
})

test('the port answers GET /metrics only, and nothing without METRICS_PORT', async (t) => {
  const server = await start(t)
  const { metricsUrl } = server
  t.is((await send(metricsUrl, { method: 'GET', path: '/metrics?x=1' })).status, 200)
  t.is((await send(metricsUrl, { method: 'HEAD', path: '/metrics' })).status, 200)
  const post = await send(metricsUrl, { method: 'POST', path: '/metrics' })
  t.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
  t.is((await send(metricsUrl, { method: 'GET', path: '/oauth/device/verify' })).status, 404)
  t.is((await send(server.url, { method: 'GET', path: '/metrics' })).status, 404)
  await server.stop()
  await t.throwsAsync(send(metricsUrl, { method: 'GET', path: '/metrics' }))
})

test('a server whose METRICS_PORT is taken does not start, and leaves PORT free', async (t) => {
  const taken = createServer()
  await listen(taken)
  t.teardown(() => void taken.close())
  const port = String(await freePort())
  const env = { PORT: port, METRICS_PORT: String(portOf(taken)) }
  await t.throwsAsync(startTestServer(env), { code: 'EADDRINUSE' })
  const server = await startTestServer({ PORT: port })
  await server.stop()
  t.pass()
})
