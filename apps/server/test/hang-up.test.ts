import test from 'ava'
import { type HangUp, hangUpEffect } from '#src/hang-up.js'

const SERVICE: HangUp = { isTerminal: false, platform: 'linux', canReload: false }

test('SIGHUP reloads files, and stops a server that has none', (t) => {
  t.is(hangUpEffect(SERVICE), 'stop')
  t.is(hangUpEffect({ ...SERVICE, canReload: true }), 'reload')
})

test('a terminal that closes stops the server, whatever its files', (t) => {
  for (const place of [{ isTerminal: true }, { platform: 'win32' }] as const) {
    for (const canReload of [true, false]) {
      t.is(hangUpEffect({ ...SERVICE, ...place, canReload }), 'stop')
    }
  }
})
