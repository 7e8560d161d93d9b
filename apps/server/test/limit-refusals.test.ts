import type { DeviceGrantEvent } from '@device-grant/core'
import test from 'ava'
import { limitRefusals } from '#src/audit/limit-refusals.js'
import { logTo } from '#src/log.js'

const malformed: DeviceGrantEvent = {
  type: 'key_refused',
  at: 0,
  reason: 'malformed',
  during: 'key_check',
}
const erased: DeviceGrantEvent = { type: 'key_erased', at: 0, keyId: 'id' }

const aLimit = () => {
  const passed: DeviceGrantEvent['type'][] = []
  const lines: string[] = []
  const log = logTo({ write: (line: string) => lines.push(line) }, 'info')
  const events = limitRefusals({ emit: ({ type }) => passed.push(type) }, log)
  const counts = () => passed.splice(0).length
  return { events, counts, lines }
}

test('of each type of refusal 100 pass between two flushes, and the others are counted', (t) => {
  const { events, counts, lines } = aLimit()
  for (let minute = 0; minute < 2; minute++) {
    for (let i = 0; i < 130; i++) events.emit(malformed)
    events.emit({ type: 'sign_in_failed', at: 0, reason: 'forged_header' })
    t.is(counts(), 101)
    events.flush()
    const [line = '{}', ...others] = lines.splice(0)
    t.like(JSON.parse(line), { audit: true, msg: 'events_left_out' })
    t.deepEqual(JSON.parse(line).leftOut, { key_refused: 30 })
    t.is(others.length, 0)
  }
  events.flush()
  t.is(lines.length, 0)
})

test('changes pass however many there are, and however many refusals', (t) => {
  const { events, counts, lines } = aLimit()
  for (let i = 0; i < 1_000; i++) events.emit(malformed)
  counts()
  for (let i = 0; i < 1_000; i++) events.emit(erased)
  t.is(counts(), 1_000)
  events.flush()
  t.is(lines.length, 1)
})
