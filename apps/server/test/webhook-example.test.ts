import { fileURLToPath } from 'node:url'
import { authorize, pickUp } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { Webhook } from 'standardwebhooks'
import { startTestServer } from './test-server.ts'

const PROGRAM = fileURLToPath(
  new URL('../../../examples/webhook/dist/receiver.js', import.meta.url),
)
const SECRET = `whsec_${Buffer.alloc(32, 'a secret').toString('base64')}`

const startReceiver = async (t: ExecutionContext) => {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET }
  const program = spawnProgram(t, process.execPath, [PROGRAM], { env })
  await program.prints(/Listening/)
  return { url: `http://127.0.0.1:${port}`, program }
}

test('the example prints a mail for a new device', async (t) => {
  const { url, program } = await startReceiver(t)
  const server = await startTestServer({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET })
  t.teardown(server.stop)
  const { device_code, user_code } = await authorize(server.url)
  await decide(server.url, user_code, 'approve')
  await pickUp(server.url, device_code)
  await program.prints(/To: alice\nSubject: A device was connected to your account\n/)
  t.regex(program.out(), /\(client cli, address 127\.0\.0\.1\) was connected at \d{4}-/)
})

/** Sends the example a message that is a key issued at the given time. */
const post = async (
  url: string,
  { id, sentAt = new Date(), reissued = false }: { id: string; sentAt?: Date; reissued?: boolean },
  secret = SECRET,
): Promise<number> => {
  const data = { owner: id, reissued, device: {}, expiresAt: 0 }
  const body = JSON.stringify({ type: 'key_claimed', timestamp: 'now', data })
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
  }
  return (await send(url, { path: '/', headers, body })).status
}

test('the example refuses forged and old messages, and ignores repeated ones', async (t) => {
  const { url, program } = await startReceiver(t)
  const other = `whsec_${Buffer.alloc(32, 'other').toString('base64')}`
  t.is(await post(url, { id: 'forged' }, other), 401)
  t.is(await post(url, { id: 'old', sentAt: new Date(Date.now() - 360_000) }), 401)
  t.is(await post(url, { id: 'again' }), 204)
  t.is(await post(url, { id: 'again' }), 204)
  t.is(await post(url, { id: 'reissued', reissued: true }), 204)
  t.is(await post(url, { id: 'last' }), 204)
  await program.prints(/To: last\n/)
  t.deepEqual(program.out().match(/To: \w+/g), ['To: again', 'To: last'])
})
