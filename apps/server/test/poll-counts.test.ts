import test from 'ava'
import { pino } from 'pino'
import { PollCounts } from '#src/poll-counts.js'

test('polls are counted by outcome, and each poll is logged in one line only', (t) => {
  const lines: object[] = []
  const polls = new PollCounts(
    pino(
      { base: null, timestamp: false },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    ),
  )
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
