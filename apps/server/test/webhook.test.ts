import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { EventOf } from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import { Webhook as Verifier } from 'standardwebhooks'
import { Webhook, type WebhookOptions } from '#src/audit/webhook.js'
import { logTo } from '#src/log.js'
import { type Pause, pauseInRealTime } from '#src/repeat.js'

const SECRET = `whsec_${Buffer.alloc(32, 'a secret').toString('base64')}`

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Answer = (response: ServerResponse, attempt: number) => void

const accept: Answer = (response) => response.writeHead(204).end()
const hang: Answer = () => {}

/** Starts a receiver of webhooks that answers with `answer`. */
const startReceiver = async (t: ExecutionContext, answer: Answer = accept) => {
  const received: Received[] = []
  const receiver = { received, answer, url: '' }
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) })
    receiver.answer(response, received.length)
  })
  receiver.url = await listen(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return receiver
}

/** Pauses that end when a test lets them. */
const aPause = () => {
  const waiting: { readonly ms: number; readonly end: () => void }[] = []
  const pause: Pause = (ms, signal) =>
    new Promise((resolve) => {
      waiting.push({ ms, end: resolve })
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve())
    })
  return { waiting, pause }
}

const aWebhook = (url: string, options: Partial<WebhookOptions> = {}) => {
  const lines: string[] = []
  const clock = new TestClock()
  const webhook = new Webhook(
    () => ({ url, secret: SECRET, events: ['key_erased', 'key_claimed'] }),
    {
      log: logTo({ write: (line: string) => lines.push(line) }, 'info'),
      clock,
      pause: pauseInRealTime,
      endWithinMs: 30_000,
      ...options,
    },
  )
  const logged = (msg: string): readonly Record<string, unknown>[] =>
    lines.map((line) => JSON.parse(line)).filter((line) => line.msg === msg)
  return { webhook, clock, logged, lines }
}

const erased = (keyId = 'one'): EventOf<'key_erased'> => ({
  type: 'key_erased',
  at: Date.parse('2026-11-27T09:30:00Z'),
  keyId,
})

test('an event is sent once, signed as a Standard Webhook', async (t) => {
  const receiver = await startReceiver(t)
  const { webhook, lines } = aWebhook(receiver.url)
  webhook.emit(erased())
  webhook.emit({ type: 'poll_too_early', at: 0, grantId: 'g', intervalMs: 5_000 })
  await webhook.stop()
  const [{ headers, body } = { headers: {}, body: '' }, ...others] = receiver.received
  t.is(others.length, 0, 'and no event of another type')
  t.deepEqual(new Verifier(SECRET).verify(body, headers as Record<string, string>), {
    type: 'key_erased',
    timestamp: '2026-11-27T09:30:00.000Z',
    data: { keyId: 'one' },
  })
  t.is(headers['content-type'], 'application/json')
  t.deepEqual(lines, [])
})

test('a new URL and a new secret count from the next attempt on', async (t) => {
  const [former, next] = [
    await startReceiver(t, (response) => response.writeHead(500).end()),
    await startReceiver(t),
  ]
  const settings = { url: former.url, secret: SECRET, events: ['key_erased'] as const }
  let current = settings
  const { waiting, pause } = aPause()
  const webhook = new Webhook(() => current, {
    log: logTo({ write: () => {} }, 'silent'),
    clock: new TestClock(),
    pause,
  })
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  const secret = `whsec_${Buffer.alloc(32, 'next').toString('base64')}`
  current = { ...settings, url: next.url, secret }
  waiting[0]?.end()
  await eventually('it is sent again', () => next.received.length === 1)
  t.is(former.received.length, 1)
  const [{ headers, body } = { headers: {}, body: '' }] = next.received
  t.notThrows(() => new Verifier(secret).verify(body, headers as Record<string, string>))
  t.throws(() => new Verifier(SECRET).verify(body, headers as Record<string, string>))
  await webhook.stop()
})

test('the scheme of the URL may have capitals', async (t) => {
  const receiver = await startReceiver(t)
  const { webhook, lines } = aWebhook(receiver.url.replace('http:', 'HTTP:'))
  webhook.emit(erased())
  await webhook.stop()
  t.is(receiver.received.length, 1)
  t.deepEqual(lines, [])
})

test('receivers can refuse forged, old and repeated messages', async (t) => {
  const receiver = await startReceiver(t, (response, attempt) => {
    response.writeHead(attempt === 1 ? 500 : 204).end()
  })
  const { waiting, pause } = aPause()
  const { webhook, clock } = aWebhook(receiver.url, { pause })
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  clock.pass(600_000)
  waiting[0]?.end()
  await eventually('it is sent again', () => receiver.received.length === 2)
  webhook.emit(erased())
  await eventually('another one is sent', () => receiver.received.length === 3)
  const [first, again, other] = receiver.received as [Received, Received, Received]
  const headersOf = ({ headers }: Received) => headers as Record<string, string>
  t.is(again.headers['webhook-id'], first.headers['webhook-id'], 'the same in all attempts')
  t.not(other.headers['webhook-id'], first.headers['webhook-id'])
  const age = (message: Received): number => Number(message.headers['webhook-timestamp'])
  t.is(age(again) - age(first), 600, 'the time is that of the attempt')
  const verifier = new Verifier(SECRET)
  t.notThrows(() => verifier.verify(first.body, headersOf(first)))
  for (const [title, body, headers] of [
    ['another body', first.body.replace('one', 'two'), headersOf(first)],
    ['another id', first.body, { ...headersOf(first), 'webhook-id': 'msg_other' }],
    ['another time', first.body, { ...headersOf(first), 'webhook-timestamp': `${age(first) + 1}` }],
    ['a time to come', again.body, headersOf(again)],
  ] as const) {
    t.throws(() => verifier.verify(body, headers), undefined, title)
  }
  await webhook.stop()
})

test('a failed delivery is retried with growing pauses, and given up in the end', async (t) => {
  const receiver = await startReceiver(t, (response) => response.writeHead(503).end())
  const { waiting, pause } = aPause()
  const { webhook, logged } = aWebhook(receiver.url, { pause })
  webhook.emit(erased())
  for (let attempts = 1; attempts < 10; attempts++) {
    await eventually(`attempt ${attempts}`, () => waiting.length === attempts)
    const longest = Math.min(1_000 * 2 ** (attempts - 1), 60_000)
    const { ms = 0, end } = waiting[attempts - 1] ?? {}
    t.true(ms >= longest / 2 && ms <= longest, `${ms} ms after attempt ${attempts}`)
    end?.()
  }
  await eventually('the last attempt', () => receiver.received.length === 10)
  await webhook.stop()
  t.is(receiver.received.length, 10)
  t.like(logged('webhook delivery failed')[0], { attempts: 1, status: 503 })
  t.deepEqual(
    logged('webhook events dropped').map(({ dropped }) => dropped),
    [1],
  )
})

test('a redirect is not followed, and counts as a failure', async (t) => {
  const elsewhere = await startReceiver(t)
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(307, { location: elsewhere.url }).end(),
  )
  const { waiting, pause } = aPause()
  const { webhook, logged } = aWebhook(receiver.url, { pause })
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  t.is(logged('webhook delivery failed')[0]?.['status'], 307)
  t.is(elsewhere.received.length, 0)
  await webhook.stop()
})

test('a receiver that hangs is given up, and the event is sent again', async (t) => {
  const receiver = await startReceiver(t, hang)
  const { waiting, pause } = aPause()
  const lines: string[] = []
  const options = {
    log: logTo({ write: (line: string) => lines.push(line) }, 'info'),
    clock: new TestClock(),
    pause,
    answerWithinMs: 300,
  }
  const settings = { url: receiver.url, secret: SECRET, events: ['key_erased'] as const }
  const webhook = new Webhook(() => settings, options)
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  t.is(JSON.parse(lines[0] ?? '').message, 'No response within 300 ms')
  // A busy machine may take longer than that for the answer that follows.
  options.answerWithinMs = 30_000
  let accepted = 0
  receiver.answer = (response) => {
    accepted += 1
    response.writeHead(204).end()
  }
  await eventually('it is sent again', () => {
    for (const { end } of waiting) end()
    return accepted > 0
  })
  await webhook.stop()
  t.is(lines.length, 1, 'and nothing is dropped')
})

test('a full queue drops further events, and counts them', async (t) => {
  const receiver = await startReceiver(t, hang)
  const { webhook, logged } = aWebhook(receiver.url, { endWithinMs: 0 })
  for (let i = 0; i < 1_500; i++) webhook.emit(erased(String(i)))
  webhook.flush()
  webhook.flush()
  await eventually('requests', () => receiver.received.length > 0)
  t.true(receiver.received.length <= 4, 'few requests at once')
  await webhook.stop()
  t.deepEqual(
    logged('webhook events dropped').map(({ dropped }) => dropped),
    [500, 1_000],
    'those without room, and those that were pending at the end',
  )
})

test('failures are logged every 5 s, without the URL, which may be secret', async (t) => {
  const port = await freePort()
  const { pause } = aPause()
  const url = `http://127.0.0.1:${port}/hush?token=hush`
  const { webhook, logged, lines } = aWebhook(url, { pause })
  for (let i = 0; i < 20; i++) webhook.emit(erased(String(i)))
  await eventually('a failure', () => lines.length > 0)
  await webhook.stop()
  t.is(logged('webhook delivery failed').length, 1)
  // Another program may have taken the free port.
  t.regex(String(logged('webhook delivery failed')[0]?.['code']), /^ECONN(?:REFUSED|RESET)$/)
  t.notRegex(lines.join(''), /hush|whsec_/)
})

test('at the end, events that wait for another attempt are tried at once', async (t) => {
  const receiver = await startReceiver(t, (response, attempt) => {
    response.writeHead(attempt === 1 ? 500 : 204).end()
  })
  const { waiting, pause } = aPause()
  const { webhook, logged } = aWebhook(receiver.url, { pause })
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  await webhook.stop()
  t.is(receiver.received.length, 2)
  t.deepEqual(logged('webhook events dropped'), [])
  webhook.emit(erased())
  webhook.flush()
  t.is(logged('webhook events dropped').length, 1, 'no event counts as sent after the end')
})

test('a receiver that closes every connection fails, and harms nothing', async (t) => {
  const receiver = await startReceiver(t, (response) => response.destroy())
  const { waiting, pause } = aPause()
  const { webhook, logged } = aWebhook(receiver.url, { pause })
  webhook.emit(erased())
  await eventually('it has failed', () => waiting.length === 1)
  receiver.answer = accept
  waiting[0]?.end()
  await eventually('it is sent again', () => receiver.received.length === 2)
  await webhook.stop()
  t.is(logged('webhook delivery failed').length, 1)
})

test('a response without an end counts by its status, and its connection is closed', async (t) => {
  let isClosed = false
  const receiver = await startReceiver(t, (response) => {
    response.once('close', () => {
      isClosed = true
    })
    response.writeHead(200).write('x'.repeat(1_000))
  })
  const { webhook, lines } = aWebhook(receiver.url, { answerWithinMs: 3_000 })
  webhook.emit(erased())
  await webhook.stop()
  await eventually('the connection is closed', () => isClosed)
  t.is(receiver.received.length, 1)
  t.deepEqual(lines, [])
})
