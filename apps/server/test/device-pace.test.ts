import { Agent } from 'node:http'
import { basic } from '@device-grant/test-support/authorization-header'
import { authorize, type Codes, outcomeOf, poll } from '@device-grant/test-support/device'
import { TOKEN } from '@device-grant/test-support/endpoints'
import { membersOf, post } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import test, { type ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

/** A device with codes and a connection of its own. */
interface Device {
  readonly server: TestServer
  readonly codes: Codes
  /** Polls at once. */
  poll(): Promise<string>
  /** Moves the server's clock by so many milliseconds, then polls. */
  pollAfter(ms: number): Promise<string>
  approve(): Promise<void>
  deny(): Promise<void>
}

const startDevice = async (t: ExecutionContext): Promise<Device> => {
  const server = await startTestServer({ LOG_LEVEL: 'silent' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(async () => {
    agent.destroy()
    await server.stop()
  })
  const codes = await authorize(server.url)
  const pollNow = async (): Promise<string> =>
    outcomeOf(await poll(server.url, codes.device_code, {}, agent))
  return {
    server,
    codes,
    poll: pollNow,
    pollAfter: (ms) => {
      server.clock.pass(ms)
      return pollNow()
    },
    approve: () => decide(server.url, codes.user_code, 'approve'),
    deny: () => decide(server.url, codes.user_code, 'deny'),
  }
}

test('a poller at exactly the interval never sees slow_down in 100 rounds', async (t) => {
  const device = await startDevice(t)
  for (let round = 0; round < 100; round++) {
    t.is(await device.pollAfter(5_000), 'authorization_pending')
  }
  await device.approve()
  t.is(await device.pollAfter(5_000), 'token')
})

test('POL-1, POL-4: the first poll is never early', async (t) => {
  const device = await startDevice(t)
  t.is(await device.poll(), 'authorization_pending')
})

test('POL-5: a poller that is 0.2 s early each time never sees slow_down', async (t) => {
  const device = await startDevice(t)
  for (let round = 0; round < 10; round++) {
    t.is(await device.pollAfter(4_800), 'authorization_pending')
  }
})

test('POL-7: two polls 1 ms apart do not lengthen the interval, and three do', async (t) => {
  const device = await startDevice(t)
  for (let round = 0; round < 10; round++) {
    t.is(await device.pollAfter(4_999), 'authorization_pending')
    t.is(await device.pollAfter(1), 'authorization_pending')
  }
  t.is(await device.pollAfter(4_999), 'authorization_pending')
  t.is(await device.pollAfter(1), 'authorization_pending')
  t.is(await device.pollAfter(1), 'slow_down')
  t.is(await device.pollAfter(5_000), 'slow_down')
})

test('POL-2: every early poll lengthens the interval by 5 s, for all later polls', async (t) => {
  const device = await startDevice(t)
  const { server, codes } = device
  const interval = async (ms: number): Promise<unknown> => {
    server.clock.pass(ms)
    const answer = await poll(server.url, codes.device_code)
    t.is(outcomeOf(answer), 'slow_down')
    return membersOf(answer)['interval']
  }
  t.is(await device.poll(), 'authorization_pending')
  t.is(await interval(1_500), 10)
  t.is(await interval(5_000), 15)
  t.is(await device.pollAfter(15_000 - 6_500), 'authorization_pending')
  t.is(await interval(13_000), 20)
  t.is(await device.pollAfter(7_000), 'authorization_pending')
  for (let round = 0; round < 5; round++) {
    t.is(await device.pollAfter(20_000), 'authorization_pending')
  }
})

test('POL-14: a late poll is accepted', async (t) => {
  const device = await startDevice(t)
  for (let round = 0; round < 5; round++) {
    t.is(await device.pollAfter(15_000), 'authorization_pending')
  }
})

test('POL-3: a decision and the expiry are reported at any pace', async (t) => {
  for (const end of ['approve', 'deny', 'expire'] as const) {
    const device = await startDevice(t)
    for (let i = 0; i < 4; i++) await device.poll()
    t.is(await device.poll(), 'slow_down')
    if (end === 'approve') await device.approve()
    else if (end === 'deny') await device.deny()
    else device.server.clock.pass(600_000)
    const expected = { approve: 'token', deny: 'access_denied', expire: 'expired_token' }
    t.is(await device.poll(), expected[end])
  }
})

test('POL-6: a client that adds only 1 s per slow_down gets its token at its first poll after the approval', async (t) => {
  for (const approvedAfter of [7, 33, 100, 400]) {
    const device = await startDevice(t)
    let interval = 1
    let waited = 0
    const seen = new Set<string>()
    while (waited + interval <= approvedAfter) {
      waited += interval
      const outcome = await device.pollAfter(interval * 1000)
      seen.add(outcome)
      if (outcome === 'slow_down') interval += 1
    }
    t.deepEqual([...seen].sort(), ['authorization_pending', 'slow_down'])
    await device.approve()
    t.is(await device.pollAfter(interval * 1000), 'token')
  }
})

test('POL-6: a client with a steady pace is accepted again and again', async (t) => {
  const device = await startDevice(t)
  const accepted: number[] = []
  for (let at = 0; at < 580; at += 3) {
    if ((await device.pollAfter(3_000)) === 'authorization_pending') accepted.push(at)
  }
  t.true(accepted.length >= 9, `accepted at ${accepted.join(', ')} s`)
  const gaps = accepted.slice(1).map((at, i) => at - (accepted[i] ?? 0))
  t.true(Math.max(...gaps) <= 63, `gaps of ${gaps.join(', ')} s`)
})

test('POL-15: 20 polls a second across an approval see only pending, slow_down and one 200', async (t) => {
  for (let run = 0; run < 5; run++) {
    const device = await startDevice(t)
    const seen: string[] = []
    let approving: Promise<void> | undefined
    for (let i = 0; i < 400 && seen.at(-1) !== 'token'; i++) {
      if (i === 100 + run) approving = device.approve()
      seen.push(await device.pollAfter(50))
    }
    await approving
    t.is(seen.at(-1), 'token')
    t.deepEqual([...new Set(seen)].sort(), ['authorization_pending', 'slow_down', 'token'])
    t.is(seen.filter((outcome) => outcome === 'token').length, 1)
  }
})

test('POL-9: an expired code is expired_token for 10 minutes, then invalid_grant', async (t) => {
  const device = await startDevice(t)
  t.is(await device.pollAfter(599_999), 'authorization_pending')
  t.is(await device.pollAfter(1), 'expired_token')
  t.is(await device.pollAfter(599_999), 'expired_token')
  t.is(await device.pollAfter(1), 'invalid_grant')
})

test('POL-8: a denial is reported as long as the code is known', async (t) => {
  const device = await startDevice(t)
  await device.deny()
  t.is(await device.poll(), 'access_denied')
  t.is(await device.pollAfter(5_000), 'access_denied')
})

test('TOK-3, INT-7: polls of other clients and failed authentication do not affect the pace', async (t) => {
  const device = await startDevice(t)
  const { server, codes } = device
  t.is(await device.poll(), 'authorization_pending')
  for (let i = 0; i < 5; i++) {
    t.is(
      outcomeOf(await poll(server.url, codes.device_code, { client_id: 'other' })),
      'invalid_grant',
    )
    t.is(outcomeOf(await poll(server.url, codes.device_code, { client_id: '' })), 'invalid_grant')
    const parameters = { device_code: codes.device_code }
    const failed = await post(server.url, TOKEN, parameters, basic('cli:secret'))
    t.is(failed.status, 401)
    const wrongGrant = await poll(server.url, codes.device_code, { grant_type: 'password' })
    t.is(outcomeOf(wrongGrant), 'unsupported_grant_type')
  }
  t.is(await device.pollAfter(5_000), 'authorization_pending')
  await device.approve()
  t.is(
    outcomeOf(await poll(server.url, codes.device_code, { client_id: 'other' })),
    'invalid_grant',
  )
  t.is(await device.poll(), 'token')
})
