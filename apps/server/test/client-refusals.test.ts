import test from 'ava'
import { pino } from 'pino'
import { ClientRefusals } from '#src/client-refusals.js'

test('refused clients are counted by reason, and logged in one line', (t) => {
  const lines: object[] = []
  const refusals = new ClientRefusals(
    pino(
      { base: null, timestamp: false },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    ),
  )
  refusals.flush()
  t.deepEqual(lines, [], 'no refusals, no line')
  refusals.add('wrong_secret', 'acme-cli')
  refusals.add('wrong_secret', 'acme-cli')
  refusals.add('unknown_client', undefined)
  refusals.flush()
  refusals.flush()
  refusals.add('unknown_client', undefined)
  refusals.flush()
  const msg = 'clients refused'
  t.deepEqual(lines, [
    { level: 40, wrong_secret: 2, unknown_client: 1, lastClientId: 'acme-cli', msg },
    { level: 40, unknown_client: 1, msg },
  ])
})
