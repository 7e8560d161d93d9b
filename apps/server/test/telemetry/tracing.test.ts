import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { AUTHORIZE, GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { mongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { decide } from '@device-grant/test-support/person'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { whoami } from '@device-grant/test-support/whoami'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import test, { type ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from '../test-server.ts'

let withoutSdk: TestServer | undefined
const mongo = hasRedis ? await mongoServer('traces through MongoDB') : undefined
const testWithStores = mongo === undefined ? test.skip : test.serial
test.after.always(() => Promise.all([withoutSdk?.stop(), mongo?.stop()]))

const SECRET = { SESSION_SECRET: 'a secret of thirty-two characters' }
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

const exporter = new InMemorySpanExporter()
test.before(async () => {
  withoutSdk = await startTestServer()
  // A process registers its SDK before the server starts, as `node --import` does.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
})

const start = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<TestServer> => {
  const server = await startTestServer({ ...SECRET, ...env })
  t.teardown(server.stop)
  return server
}

/** The spans that end because of a request. */
const spansOf = async (work: () => Promise<unknown>): Promise<readonly ReadableSpan[]> => {
  exporter.reset()
  await work()
  return exporter.getFinishedSpans()
}

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan => {
  const [span, ...more] = spans.filter((one) => one.name === name)
  if (!span || more.length > 0) throw new Error(`${spans.map((one) => one.name)}: no one ${name}`)
  return span
}

test.serial('a server that started without an SDK makes no spans', async (t) => {
  t.deepEqual(await spansOf(() => authorize(String(withoutSdk?.url))), [])
})

testWithStores('a login is traced through Redis and MongoDB', async (t) => {
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const server = await start(t, { REDIS_URL: redis.url, MONGODB_URI: String(mongo?.uri) })
  const { url } = server
  await eventually('the stores answer', async () => {
    server.clock.pass(1_000)
    return (await fetch(`${url}/status`)).ok
  })
  const traceparent = `00-${TRACE}-${SPAN}-01`

  let codes: Record<string, unknown> = {}
  const asking = await spansOf(async () => {
    codes = membersOf(await post(url, AUTHORIZE, { client_id: 'cli' }, { traceparent }))
  })
  const route = named(asking, `POST ${AUTHORIZE}`)
  t.is(route.kind, SpanKind.SERVER)
  t.is(route.spanContext().traceId, TRACE)
  t.is(route.parentSpanContext?.spanId, SPAN)
  t.deepEqual(route.attributes, {
    'http.request.method': 'POST',
    'http.route': AUTHORIZE,
    'http.response.status_code': 200,
  })
  const command = named(asking, 'update DeviceGrants')
  t.is(command.kind, SpanKind.CLIENT)
  t.is(command.spanContext().traceId, TRACE)
  t.is(command.parentSpanContext?.spanId, route.spanContext().spanId)
  t.deepEqual(command.attributes, {
    'db.system.name': 'redis',
    'db.operation.name': 'update',
    'db.collection.name': 'DeviceGrants',
  })

  const { user_code, device_code } = codes as Record<string, string>
  const deciding = await spansOf(() => decide(url, String(user_code), 'approve'))
  const reserved = deciding.filter(({ attributes }) => attributes['db.system.name'] === 'mongodb')
  t.true(reserved.length > 0)
  for (const { name } of reserved) t.regex(name, /^(update|read|find) (ApiKeys|CutOffs)$/)

  const form = { grant_type: GRANT_TYPE, client_id: 'cli', device_code: String(device_code) }
  let key = ''
  const polling = await spansOf(async () => {
    const headers = { traceparent, 'x-request-id': 'pick-up' }
    key = String(membersOf(await post(url, TOKEN, form, headers))['access_token'])
  })
  const parent = named(polling, `POST ${TOKEN}`).spanContext()
  for (const name of ['update DeviceGrants', 'update ApiKeys']) {
    t.is(named(polling, name).parentSpanContext?.spanId, parent.spanId)
  }
  const line = server.log.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'key_claimed')
  t.like(line, { requestId: 'pick-up', traceId: TRACE })

  const checking = await spansOf(() => whoami(url, key))
  const check = named(checking, 'GET /api/whoami')
  t.is(check.parentSpanContext, undefined)
  t.not(check.spanContext().traceId, TRACE)
  t.is(named(checking, 'read ApiKeys').spanContext().traceId, check.spanContext().traceId)
  // The cut-off of a person is kept beside the keys.
  const revoking = await spansOf(() => server.useCases.revokeAllApiKeys('alice'))
  t.is(named(revoking, 'update CutOffs').attributes['db.system.name'], 'mongodb')
  const used = server.log
    .map((text) => JSON.parse(text))
    .find(({ msg }) => msg === 'key_used_first')
  t.is(used.traceId, check.spanContext().traceId)
})

test.serial('a command that fails marks its span, and not with a message', async (t) => {
  const server = await start(t, { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  const spans = await spansOf(() => pollOutcome(server.url, 'a-code'))
  const command = named(spans, 'update DeviceGrants')
  t.is(command.attributes['error.type'], 'store_unavailable')
  t.deepEqual(command.status, { code: SpanStatusCode.ERROR })
  t.is(named(spans, `POST ${TOKEN}`).status.code, SpanStatusCode.UNSET, 'the answer is no error')
})

test.serial('a span has the path of the row, never the path of the request', async (t) => {
  const { url } = await start(t)
  const headers = { 'x-forwarded-user': 'alice', accept: 'text/html' }
  const spans = await spansOf(async () => {
    await send(url, { path: '/oauth/device/keys/secret-id/revoke', headers })
    await send(url, { method: 'GET', path: '/secret-path?secret-query', headers })
    await send(url, { method: 'PROPFIND', path: '/secret-path', headers })
  })
  t.deepEqual(
    spans.map(({ name, attributes }) => [name, attributes['http.response.status_code']]),
    [
      ['POST /oauth/device/keys/:id/revoke', 403],
      ['GET', 404],
      ['_OTHER', 404],
    ],
  )
  t.notRegex(JSON.stringify(spans.map(({ name, attributes }) => [name, attributes])), /secret/)
})

test.serial('a request inside a span of the application belongs to its trace', async (t) => {
  const { server } = await start(t)
  t.true(server.address.port > 0)
  const spans = await spansOf(async () => {
    const { Tracing } = await import('#src/telemetry/tracing.js')
    const tracing = Tracing.ifThereIsAnSdk()
    await trace.getTracer('test').startActiveSpan('outer', async (outer) => {
      const ctx = { method: 'GET', status: 200, req: { headers: { traceparent: 'none' } } }
      await tracing?.routes(ctx as never, async () => {})
      outer.end()
    })
  })
  const [inner, outer] = spans
  t.is(inner?.parentSpanContext?.spanId, outer?.spanContext().spanId)
  t.is(inner?.kind, SpanKind.INTERNAL)
})
