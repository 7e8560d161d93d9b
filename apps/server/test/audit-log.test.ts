import { readFileSync } from 'node:fs'
import type { DeviceGrantEvent, EventOf } from '@device-grant/core'
import test from 'ava'
import { auditLog } from '#src/audit/audit-log.js'
import { logTo } from '#src/log.js'

const at = Date.parse('2026-11-27T09:30:00.000Z')
const grantId = 'Yk1h0Dd5m3hQm1v8Qx0n2m6bq9w7p4r5s8t1u3v6w9A'
const ofDevice = {
  clientId: 'acme-cli',
  deviceName: 'Build server',
  device: { address: '192.0.2.10', userAgent: 'acme-cli/1.4' },
}
const ofGrant = { grantId, ...ofDevice }
const ofPerson = {
  person: 'maria',
  browser: { address: '198.51.100.7', userAgent: 'Mozilla/5.0' },
}
const keyId = '4fJ2kQ9sT7vX1yZ3bC5dE8'
const ofKey = { keyId, owner: 'maria', ...ofDevice }
const expiresAt = at + 86_400_000

/** One event of each type, with every member that it can have. */
const SAMPLES: { readonly [T in DeviceGrantEvent['type']]: EventOf<T> } = {
  authorization_requested: {
    type: 'authorization_requested',
    at,
    ...ofGrant,
    scope: 'read write',
    resources: ['https://api.example/'],
    clientAuthenticated: true,
  },
  client_refused: {
    type: 'client_refused',
    at,
    clientId: 'acme-cli',
    reason: 'access_denied',
    device: ofDevice.device,
  },
  too_many_codes: { type: 'too_many_codes', at, limit: 'address_limit', address: '192.0.2.10' },
  authorization_approved: {
    type: 'authorization_approved',
    at,
    ...ofGrant,
    ...ofPerson,
    keyId,
    scope: 'read',
    elsewhereReason: 'vpn',
  },
  authorization_denied: { type: 'authorization_denied', at, ...ofGrant, ...ofPerson },
  request_reported: { type: 'request_reported', at, ...ofGrant, ...ofPerson },
  wrong_user_code: { type: 'wrong_user_code', at, ...ofPerson, attemptsLeft: 4 },
  too_many_wrong_user_codes: { type: 'too_many_wrong_user_codes', at, ...ofPerson },
  user_code_contested: { type: 'user_code_contested', at, grantId, ...ofPerson },
  contested_code_ended: { type: 'contested_code_ended', at, grantId, ...ofPerson, people: 3 },
  approval_blocked: { type: 'approval_blocked', at, ...ofGrant, ...ofPerson, reason: 'elsewhere' },
  pick_up_refused: {
    type: 'pick_up_refused',
    at,
    ...ofGrant,
    person: 'maria',
    reason: 'sensitive_scope',
  },
  too_many_keys: { type: 'too_many_keys', at, ...ofGrant, ...ofPerson, limit: 100 },
  person_not_admitted: {
    type: 'person_not_admitted',
    at,
    ...ofGrant,
    person: 'maria',
    during: 'pick_up',
  },
  sign_in_failed: {
    type: 'sign_in_failed',
    at,
    reason: 'provider_refused',
    address: '198.51.100.7',
  },
  poll_too_early: {
    type: 'poll_too_early',
    at,
    grantId,
    clientId: 'acme-cli',
    intervalMs: 10_000,
  },
  expired_on_poll: { type: 'expired_on_poll', at, ...ofGrant },
  wrong_client: { type: 'wrong_client', at, ...ofGrant, callerClientId: 'other-cli' },
  key_claimed: {
    type: 'key_claimed',
    at,
    ...ofGrant,
    ...ofKey,
    reissued: false,
    scope: 'read',
    expiresAt,
  },
  key_used_first: { type: 'key_used_first', at, ...ofKey },
  key_refused: {
    type: 'key_refused',
    at,
    reason: 'other_client',
    during: 'revocation',
    ...ofKey,
    callerClientId: 'other-cli',
  },
  device_renamed: { type: 'device_renamed', at, ...ofKey },
  key_revoked: {
    type: 'key_revoked',
    at,
    ...ofKey,
    by: 'owner',
    browser: ofPerson.browser,
  },
  key_erased: { type: 'key_erased', at, keyId },
}

/** The lines that the documentation shows. */
const LINES: readonly { readonly msg: string }[] = readFileSync(
  new URL('../../../docs/audit.md', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line.startsWith('{"level":'))
  .map((line) => JSON.parse(line))

/** The line of an event, without the time of the line. */
const lineOf = (event: DeviceGrantEvent, level = 'trace'): string | undefined => {
  const lines: string[] = []
  auditLog(logTo({ write: (line: string) => lines.push(line) }, level)).emit(event)
  return lines[0]?.trimEnd().replace(/"time":"[^"]+",/, '')
}

for (const event of Object.values(SAMPLES)) {
  test(`the line of ${event.type} is the documented one`, (t) => {
    const line = lineOf(event) ?? ''
    const shown = LINES.filter(({ msg }) => msg === event.type)
    t.deepEqual(shown, [JSON.parse(line)], line)
  })
}

test('the documentation shows no other types', (t) => {
  const types = LINES.map(({ msg }) => msg)
  t.deepEqual(types.toSorted(), [...Object.keys(SAMPLES), 'events_left_out'].toSorted())
})

test('LOG_LEVEL holds for the lines of events too', (t) => {
  t.truthy(lineOf(SAMPLES.key_claimed, 'info'))
  t.is(lineOf(SAMPLES.key_claimed, 'warn'), undefined)
  t.truthy(lineOf(SAMPLES.wrong_client, 'warn'))
  t.is(lineOf(SAMPLES.poll_too_early, 'info'), undefined)
})
