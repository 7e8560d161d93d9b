import test from 'ava'
import { pino } from 'pino'
import { CodeRefusals } from '#src/code-refusals.js'

test('refusals are counted by limit, and logged in one line', (t) => {
  const lines: object[] = []
  const refusals = new CodeRefusals(
    pino(
      { base: null, timestamp: false },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    ),
  )
  refusals.flush()
  t.deepEqual(lines, [], 'no refusals, no line')
  refusals.add('address_limit', '192.0.2.1')
  refusals.add('total_limit', '192.0.2.2')
  refusals.add('address_limit', '192.0.2.3')
  refusals.flush()
  refusals.flush()
  refusals.add('total_limit', undefined)
  refusals.flush()
  const msg = 'new codes refused by the limit'
  t.deepEqual(lines, [
    { level: 40, address_limit: 2, total_limit: 1, lastAddress: '192.0.2.3', msg },
    { level: 40, total_limit: 1, msg },
  ])
})
