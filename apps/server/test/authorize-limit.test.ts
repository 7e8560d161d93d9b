import { outcomeOf, poll } from '@device-grant/test-support/device'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { type Answer, membersOf, send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { startTestServer } from './test-server.ts'

test('too many new codes from one address are 429, and its polls are not', async (t) => {
  const server = await startTestServer({ AUTHORIZE_LIMIT: '3', TRUSTED_PROXIES: '127.0.0.1' })
  const ask = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    send(server.url, { path: AUTHORIZE, headers })
  try {
    const first = await ask()
    await ask()
    await ask()
    server.clock.pass(10_000)
    const refused = await ask()
    t.is(refused.status, 429)
    t.is(refused.headers['retry-after'], '50')
    t.is(refused.headers['cache-control'], 'no-store')
    t.is(refused.headers['access-control-allow-origin'], '*')
    t.is(membersOf(refused)['error'], 'temporarily_unavailable')
    for (const [address, status] of [
      ['2001:db8::1', 200],
      ['2001:db8::2', 200],
      ['2001:db8::3', 200],
      ['2001:db8:0:0:ffff::1', 429],
      ['2001:db8:0:1::1', 200],
      ['192.0.2.1', 200],
    ] as const) {
      t.is((await ask({ 'x-forwarded-for': address })).status, status, address)
    }
    const device_code = String(membersOf(first)['device_code'])
    for (let i = 0; i < 10; i += 1) {
      t.is(
        outcomeOf(await poll(server.url, device_code, { client_id: '' })),
        'authorization_pending',
      )
      server.clock.pass(5_000)
    }
    t.is((await ask()).status, 200, 'a minute later')
  } finally {
    await server.stop()
  }
})
