import test from 'ava'
import { pino } from 'pino'
import { LoggedCounts } from '#src/logged-counts.js'

const logTo = (lines: object[]) =>
  pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) })

test('polls are counted by outcome, and each poll is logged in one line only', (t) => {
  const lines: object[] = []
  const polls = new LoggedCounts(logTo(lines), 'info', 'polls counted')
  polls.flush()
  t.deepEqual(lines, [], 'no polls, no line')
  polls.add('authorization_pending')
  polls.add('slow_down')
  polls.add('authorization_pending')
  polls.flush()
  polls.flush()
  polls.add('slow_down')
  polls.flush()
  t.deepEqual(lines, [
    { level: 30, authorization_pending: 2, slow_down: 1, msg: 'polls counted' },
    { level: 30, slow_down: 1, msg: 'polls counted' },
  ])
})

test('refusals are counted by limit, and logged in one line', (t) => {
  const lines: object[] = []
  const msg = 'new codes refused by the limit'
  const refusals = new LoggedCounts(logTo(lines), 'warn', msg)
  refusals.flush()
  t.deepEqual(lines, [], 'no refusals, no line')
  refusals.add('address_limit', { lastAddress: '192.0.2.1' })
  refusals.add('total_limit', { lastAddress: '192.0.2.2' })
  refusals.add('address_limit', { lastAddress: '192.0.2.3' })
  refusals.flush()
  refusals.flush()
  refusals.add('total_limit', { lastAddress: undefined })
  refusals.flush()
  t.deepEqual(lines, [
    { level: 40, address_limit: 2, total_limit: 1, lastAddress: '192.0.2.3', msg },
    { level: 40, total_limit: 1, msg },
  ])
})

test('refused clients are counted by reason, and logged in one line', (t) => {
  const lines: object[] = []
  const msg = 'clients refused'
  const refusals = new LoggedCounts(logTo(lines), 'warn', msg)
  refusals.flush()
  t.deepEqual(lines, [], 'no refusals, no line')
  refusals.add('wrong_secret', { lastClientId: 'acme-cli' })
  refusals.add('wrong_secret', { lastClientId: 'acme-cli' })
  refusals.add('unknown_client', { lastClientId: undefined })
  refusals.flush()
  refusals.flush()
  refusals.add('unknown_client', { lastClientId: undefined })
  refusals.flush()
  t.deepEqual(lines, [
    { level: 40, wrong_secret: 2, unknown_client: 1, lastClientId: 'acme-cli', msg },
    { level: 40, unknown_client: 1, msg },
  ])
})
