import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import test from 'ava'

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
