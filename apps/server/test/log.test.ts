import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { logTo } from '#src/log.js'
import { startTestServer } from './test-server.ts'

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** All texts of a log line. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

test('no text of a line has control or format characters', (t) => {
  const lines: string[] = []
  const log = logTo({ write: (line: string) => lines.push(line) }, 'info')
  const bad = 'a\u001b[31m\n{"level":60}\u0085\u009b\u202e\u200b\u2028\ufeffz'
  log.warn({ bad, deep: [{ bad }], count: 1, nothing: null }, `operation failed: ${bad}`)
  log.info(bad)
  const [first, second] = lines.map((line) => JSON.parse(line))
  for (const one of textsIn([first, second])) t.notRegex(one, UNPRINTABLE)
  t.is(first.bad, 'a\ufffd[31m\ufffd{"level":60}\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdz')
  t.is(first.deep[0].bad, first.bad)
  t.is(first.count, 1)
  t.is(first.nothing, null)
  t.is(second.msg, first.bad)
})

test('what a request sends cannot put such characters into the log', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const headers = { 'user-agent': 'agent\u009b31m\u00ad', 'x-forwarded-user': 'a\u009bb' }
  await send(server.url, {
    path: '/oauth/device/authorize',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'client_id=cli',
  })
  await send(server.url, { method: 'GET', path: '/oauth/device/keys', headers })
  const lines = server.log.map((line) => JSON.parse(line))
  t.true(lines.some((line) => textsIn(line).some((one) => one.startsWith('agent'))))
  for (const line of lines) for (const one of textsIn(line)) t.notRegex(one, UNPRINTABLE)
})

test('the lines before a crash are written', async (t) => {
  const module = new URL('../dist/log.js', import.meta.url).href
  const script = `
    const { createLog } = await import(${JSON.stringify(module)})
    const { log } = createLog('info')
    for (let i = 0; i < 100; i++) log.info({ i }, 'line')
    throw new Error('crash')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines = (await text(child.stdout)).trim().split('\n')
  const numbers = lines.map((line) => JSON.parse(line).i)
  t.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  )
})
