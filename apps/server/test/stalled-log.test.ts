import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

test('a log that is not read stops neither the answers nor the end of the server', async (t) => {
  t.timeout(60_000)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], PORT: String(port), AUTHORIZE_LIMIT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  await once(child.stderr.setEncoding('utf8'), 'data')

  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  t.teardown(() => agent.destroy())
  const long = { client_id: 'c'.repeat(200), scope: 's'.repeat(480) }
  const body = new URLSearchParams(long).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  let issued = 0
  const issue = async (count: number): Promise<void> => {
    const device = async (): Promise<void> => {
      while (issued < count) {
        issued += 1
        const path = '/oauth/device/authorize'
        t.is((await send(url, { path, headers, body }, agent)).status, 200)
      }
    }
    await Promise.all(Array.from({ length: 10 }, device))
  }
  await issue(2_500)
  t.is((await send(url, { method: 'GET', path: '/healthz' })).status, 200)

  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  while (!log.includes('log lines dropped')) await once(child.stdout, 'data')
  const lines = log
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line))
  const requested = lines.filter(({ msg }) => msg === 'authorization_requested').length
  const { lines: dropped } = lines.find(({ msg }) => /^log lines dropped/.test(msg))
  t.true(dropped > 0)
  t.true(requested + dropped <= issued)

  child.stdout.pause().removeAllListeners('data')
  await issue(3_100)
  child.kill('SIGTERM')
  const [code] = await ended
  t.is(code, 0)
})

test('the last lines are written before the server ends', async (t) => {
  const port = await freePort()
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  await once(child.stderr.setEncoding('utf8'), 'data')
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'close'), [0, null])
  t.is(JSON.parse(log.trim().split('\n').at(-1) ?? '').msg, 'server stopped')
})
