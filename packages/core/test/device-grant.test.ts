import {
  createPolicy,
  DEFAULT_POLICY,
  type Decision,
  type DeviceGrant,
  type KeyTerms,
  type Policy,
} from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import {
  type DecideGrant,
  decideGrant,
  type GrantPoll,
  openGrant,
  pollGrant,
  reviewGrant,
} from '#src/rules/device-grant.js'
import { plain } from './plain.ts'

const START = Date.UTC(2030, 0, 1)
const PENDING = { outcome: 'authorization_pending' }
const slowDown = (seconds: number) => ({ outcome: 'slow_down', intervalMs: seconds * 1_000 })
const asked = { userCode: 'WDJBMJHT', request: { device: {} } }
/** What the key will be, and when it was approved. */
const termsAt = (approvedAt: number): KeyTerms => ({
  name: 'Device Link Access Key (WDJB-MJHT)',
  prefix: 'dg_',
  lifetimeMs: 86_400_000,
  approvedAt,
})
const decisionOf = (decision: Decision, now: number, person = 'ann'): DecideGrant =>
  decision === 'approve'
    ? { decision, person, now, terms: termsAt(now) }
    : { decision, person, now }
const longLived = createPolicy({ codeLifetimeMs: 3_600_000, wrongCodesPerPerson: 1 })

/** A grant with a device that polls it. Times are in milliseconds since the code was issued. */
const aGrant = (policy: Policy = DEFAULT_POLICY, clientId?: string) => {
  let grant: DeviceGrant | undefined
  const request = { clientId, device: {} }
  grant = openGrant({ ...asked, request, now: START, policy })(undefined).next
  return {
    get state(): DeviceGrant | undefined {
      return grant
    },
    poll: (at: number, by: string | undefined = clientId): GrantPoll => {
      const step = pollGrant({ clientId: by, now: START + at, policy })(grant)
      grant = step.next
      return step.reply
    },
    decide: (decision: Decision, at: number, person = 'ann') => {
      const step = decideGrant(decisionOf(decision, START + at, person))(grant)
      grant = step.next
      return step.reply
    },
    review: (at: number) => {
      const step = reviewGrant(START + at)(grant)
      return { reply: step.reply, changed: step.next !== grant }
    },
  }
}

test('a new grant is pending, with the expiry and the interval of the policy', (t) => {
  const { state } = aGrant()
  t.deepEqual(
    plain(state),
    plain({
      status: 'pending',
      userCode: 'WDJBMJHT',
      request: { clientId: undefined, device: {} },
      requestedAt: START,
      expiresAt: START + 600_000,
      intervalMs: 5_000,
      keepUntil: START + 1_200_000,
    }),
  )
})

test('a grant is never opened over another one', (t) => {
  const { state } = aGrant()
  const step = openGrant({ ...asked, now: START + 1, policy: DEFAULT_POLICY })(state)
  t.is(step.reply, 'taken')
  t.is(step.next, state)
})

test('the first poll is never early', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 599_999 }), (at) => {
      const grant = aGrant()
      t.deepEqual(plain(grant.poll(at)), plain(PENDING))
      t.is(grant.state?.status === 'pending' && grant.state.intervalMs, 5_000)
    }),
  )
})

test('polls exactly at the interval are never slow_down, for a hundred rounds', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), (seconds) => {
      const grant = aGrant(createPolicy({ ...longLived, intervalMs: seconds * 1_000 }))
      for (let round = 0; round < 100; round++) {
        t.deepEqual(plain(grant.poll(round * seconds * 1_000)), plain(PENDING))
      }
    }),
    { numRuns: 30 },
  )
})

test('polls 0.2 s before the interval are never slow_down, for ten rounds', (t) => {
  for (const seconds of [1, 5]) {
    const grant = aGrant(createPolicy({ intervalMs: seconds * 1_000 }))
    for (let round = 0; round < 10; round++) {
      t.deepEqual(plain(grant.poll(round * (seconds * 1_000 - 200))), plain(PENDING))
    }
  }
})

test('the slack is one second, and at most a fifth of the interval', (t) => {
  for (const [seconds, slack] of [
    [1, 200],
    [2, 400],
    [4, 800],
    [5, 1_000],
    [30, 1_000],
  ] as const) {
    const policy = createPolicy({ intervalMs: seconds * 1_000 })
    const [onTime, early] = [aGrant(policy), aGrant(policy)]
    onTime.poll(0)
    early.poll(0)
    t.deepEqual(plain(onTime.poll(seconds * 1_000 - slack)), plain(PENDING), `${seconds} s`)
    t.deepEqual(
      plain(early.poll(seconds * 1_000 - slack - 1)),
      plain(slowDown(seconds + 5)),
      `${seconds} s`,
    )
  }
})

test('a policy may have no slack', (t) => {
  const grant = aGrant(createPolicy({ slackMs: 0 }))
  grant.poll(0)
  t.deepEqual(plain(grant.poll(4_999)), plain(slowDown(10)))
})

test('two polls a millisecond apart do not lengthen the interval, for ten rounds', (t) => {
  const grant = aGrant()
  for (let round = 0; round < 10; round++) {
    t.deepEqual(plain(grant.poll(round * 5_000)), plain(PENDING))
    t.deepEqual(plain(grant.poll(round * 5_000 + 1)), plain(PENDING))
  }
  t.is(grant.state?.status === 'pending' && grant.state.intervalMs, 5_000)
})

test('three polls a millisecond apart lengthen the interval', (t) => {
  const grant = aGrant()
  t.deepEqual(plain(grant.poll(0)), plain(PENDING))
  t.deepEqual(plain(grant.poll(1)), plain(PENDING))
  t.deepEqual(plain(grant.poll(2)), plain(slowDown(10)))
})

test('a companion poll is early unless it comes within the slack', (t) => {
  const [within, beyond] = [aGrant(), aGrant()]
  within.poll(0)
  beyond.poll(0)
  t.deepEqual(plain(within.poll(1_000)), plain(PENDING))
  t.deepEqual(plain(beyond.poll(1_001)), plain(slowDown(10)))
})

test('a companion poll does not delay the next poll', (t) => {
  const grant = aGrant()
  grant.poll(0)
  grant.poll(900)
  t.deepEqual(plain(grant.poll(4_000)), plain(PENDING))
})

test('each early poll adds five seconds for good, up to a minute', (t) => {
  const grant = aGrant()
  grant.poll(0)
  const replies = Array.from({ length: 13 }, (_, i) => grant.poll(1_001 + i))
  t.deepEqual(
    plain(replies),
    plain([10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60].map((seconds) => slowDown(seconds))),
  )
  t.deepEqual(plain(grant.poll(60_000)), plain(PENDING))
  t.deepEqual(plain(grant.poll(60_000 + 58_999)), plain(slowDown(60)))
})

test('the time of the next poll is ephemeral, and a longer interval is not', (t) => {
  const pending = openGrant({ ...asked, now: 0, policy: DEFAULT_POLICY })
  const polled = (grant: DeviceGrant | undefined, now: number) => {
    const poll = pollGrant({ clientId: undefined, now, policy: DEFAULT_POLICY })
    const { next, isEphemeral } = poll(grant)
    t.is(next?.keepUntil, grant?.keepUntil)
    return { next, isEphemeral }
  }
  const first = polled(pending(undefined).next, 0)
  const companion = polled(first.next, 1)
  const early = polled(companion.next, 2)
  const punctual = polled(early.next, 10_000)
  const lost = polled(pending(undefined).next, 2)
  t.deepEqual(
    [first, companion, early, punctual, lost].map(({ isEphemeral }) => isEphemeral),
    [true, true, undefined, true, true],
  )
})

test('a flood at the longest interval writes nothing', (t) => {
  const grant = aGrant()
  for (let at = 0; at < 20; at++) grant.poll(at)
  const before = grant.state
  for (let at = 20; at < 1_000; at++) {
    t.deepEqual(plain(grant.poll(at)), plain(slowDown(60)))
    t.is(grant.state, before)
  }
})

test('an interval that starts beyond the maximum stays as it is', (t) => {
  const grant = aGrant({ ...DEFAULT_POLICY, intervalMs: 30_000, maxIntervalMs: 10_000 })
  grant.poll(0)
  t.deepEqual(plain(grant.poll(5_000)), plain(slowDown(30)))
})

test('the next poll is due an interval after the last accepted one', (t) => {
  for (const [at, expected] of [
    [8_999, slowDown(15)],
    [9_000, PENDING],
  ] as const) {
    const grant = aGrant()
    grant.poll(0)
    t.deepEqual(plain(grant.poll(3_000)), plain(slowDown(10)))
    t.deepEqual(plain(grant.poll(at)), plain(expected))
  }
})

test('a client with any steady pace is accepted again and again', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1_100, max: 70_000 }), (pace) => {
      const grant = aGrant(longLived)
      let accepted = 0
      for (let at = 0; at < 3_600_000; at += pace) {
        if (grant.poll(at).outcome === 'authorization_pending') accepted = at
        t.true(at - accepted <= 60_000 + pace)
      }
    }),
    { numRuns: 50 },
  )
})

test('a client that adds only a second per slow_down gets the approval at its next poll', (t) => {
  const grant = aGrant()
  let [at, pace] = [0, 1_100]
  for (let polls = 0; polls < 12; polls++) {
    if (grant.poll(at).outcome === 'slow_down') pace += 1_000
    at += pace
  }
  t.true(pace > 5_000, 'there was a slow_down')
  t.like(grant.decide('approve', at - 1), { outcome: 'won' })
  t.like(grant.poll(at), { outcome: 'approved', redeemable: true })
})

test('a decision is reported at any pace, and the poll writes nothing', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 20 }),
      fc.constantFrom('approve', 'deny'),
      (gaps, decision) => {
        const grant = aGrant()
        let at = 0
        for (const gap of gaps) {
          at += gap
          grant.poll(at)
        }
        grant.decide(decision, at)
        const decided = grant.state
        for (let polls = 0; polls < 5; polls++) {
          t.is(grant.poll(at).outcome, decision === 'approve' ? 'approved' : 'access_denied')
          t.is(grant.state, decided)
        }
      },
    ),
  )
})

test('only the client that requested the code may poll, and other clients change nothing', (t) => {
  const clients = [undefined, '', 'cli', 'CLI']
  for (const askedBy of clients) {
    for (const polledBy of clients) {
      for (const decision of ['approve', 'deny', undefined] as const) {
        const grant = aGrant(DEFAULT_POLICY, askedBy)
        if (decision) grant.decide(decision, 0)
        const before = grant.state
        const { reply, next } = pollGrant({
          clientId: polledBy,
          now: START + 1,
          policy: DEFAULT_POLICY,
        })(before)
        t.is(reply.outcome === 'other_client', askedBy !== polledBy)
        if (askedBy !== polledBy) t.is(next, before)
      }
    }
  }
})

test('an unknown code is invalid', (t) => {
  const step = pollGrant({ clientId: undefined, now: START, policy: DEFAULT_POLICY })(undefined)
  t.deepEqual(plain(step), plain({ next: undefined, reply: { outcome: 'invalid_grant' } }))
})

test('a denial is reported after the expiry too', (t) => {
  const grant = aGrant()
  grant.decide('deny', 599_999)
  t.deepEqual(plain(grant.poll(600_000)), plain({ outcome: 'access_denied' }))
  t.deepEqual(plain(grant.poll(1_199_999)), plain({ outcome: 'access_denied' }))
  t.deepEqual(plain(grant.poll(1_200_000)), plain({ outcome: 'invalid_grant' }))
})

test('a pending code is expired from its expiry on, and unknown after its keepUntil', (t) => {
  const grant = aGrant()
  t.deepEqual(plain(grant.poll(599_999)), plain(PENDING))
  const before = grant.state
  for (const at of [600_000, 1_199_999]) {
    t.deepEqual(plain(grant.poll(at)), plain({ outcome: 'expired_token', grant: grant.state }))
  }
  t.deepEqual(plain(grant.poll(1_200_000)), plain({ outcome: 'invalid_grant' }))
  t.is(grant.state, before)
})

test('an approved code is redeemable until its expiry, one interval and the slack', (t) => {
  const grant = aGrant()
  grant.decide('approve', 599_999)
  t.like(grant.poll(606_000), { outcome: 'approved', redeemable: true })
  t.like(grant.poll(606_001), { outcome: 'approved', redeemable: false })
  const slowed = aGrant()
  slowed.poll(0)
  t.deepEqual(plain(slowed.poll(2_000)), plain(slowDown(10)))
  slowed.decide('approve', 599_999)
  t.like(slowed.poll(611_000), { outcome: 'approved', redeemable: true })
  t.like(slowed.poll(611_001), { outcome: 'approved', redeemable: false })
})

test('the slack after the expiry is at most a fifth of the interval', (t) => {
  const policy = createPolicy({ intervalMs: 1_000 })
  const opened = openGrant({ ...asked, now: START, policy })(undefined).next
  const approved = decideGrant(decisionOf('approve', START))(opened).next
  const redeemable = (after: number) =>
    pollGrant({ clientId: undefined, now: START + after, policy })(approved).reply
  t.like(redeemable(601_200), { redeemable: true })
  t.like(redeemable(601_201), { redeemable: false })
})

test('a poll of an approved code finds all that the key will be', (t) => {
  const opened = openGrant({
    ...asked,
    request: { scope: 'read', device: {} },
    now: START,
    policy: DEFAULT_POLICY,
  })(undefined).next
  const approved = decideGrant(decisionOf('approve', START))(opened).next
  t.deepEqual(
    plain(pollGrant({ clientId: undefined, now: START, policy: DEFAULT_POLICY })(approved)),
    plain({ next: approved, reply: { outcome: 'approved', grant: approved, redeemable: true } }),
  )
  t.like(approved, { request: { scope: 'read' }, person: 'ann', terms: termsAt(START) })
})

test('the first decision counts, and every later one finds it', (t) => {
  for (const first of ['approve', 'deny'] as const) {
    for (const second of ['approve', 'deny'] as const) {
      const grant = aGrant()
      const won = grant.decide(first, 1)
      const decided = grant.state
      t.deepEqual(plain(won), plain({ outcome: 'won', grant: decided }))
      for (const person of ['ann', 'bob']) {
        t.deepEqual(
          plain(grant.decide(second, 2, person)),
          plain({ outcome: 'decided', grant: decided }),
        )
      }
      t.is(grant.state, decided, 'nothing is written')
      t.like(decided, { status: first === 'approve' ? 'approved' : 'denied', person: 'ann' })
    }
  }
})

test('an expired or unknown code cannot be decided', (t) => {
  const grant = aGrant()
  const before = grant.state
  for (const decision of ['approve', 'deny'] as const) {
    t.deepEqual(
      plain(grant.decide(decision, 600_000)),
      plain({ outcome: 'expired', grant: before }),
    )
    t.is(grant.state, before)
    t.deepEqual(
      plain(decideGrant(decisionOf(decision, START))(undefined)),
      plain({ next: undefined, reply: { outcome: 'expired' } }),
    )
  }
})

test('a code can be decided until the millisecond before its expiry', (t) => {
  t.like(aGrant().decide('approve', 599_999), { outcome: 'won' })
})

test('a decided grant is expired for people after its keepUntil', (t) => {
  const grant = aGrant()
  grant.decide('approve', 1)
  t.like(grant.decide('deny', 1_199_999), { outcome: 'decided' })
  t.deepEqual(plain(grant.decide('deny', 1_200_000)), plain({ outcome: 'expired' }))
})

test('a review changes nothing and shows the pending, expired or decided grant', (t) => {
  const grant = aGrant()
  const pending = grant.state
  for (const [at, outcome] of [
    [599_999, 'pending'],
    [600_000, 'expired'],
    [1_199_999, 'expired'],
  ] as const) {
    t.deepEqual(
      plain(grant.review(at)),
      plain({ reply: { outcome, grant: pending }, changed: false }),
    )
  }
  t.deepEqual(
    plain(grant.review(1_200_000)),
    plain({ reply: { outcome: 'expired' }, changed: false }),
  )
  grant.decide('deny', 0)
  t.deepEqual(
    plain(grant.review(600_000)),
    plain({ reply: { outcome: 'decided', grant: grant.state }, changed: false }),
  )
})

test('a decision keeps the request and drops the pace', (t) => {
  for (const decision of ['approve', 'deny'] as const) {
    const grant = aGrant(DEFAULT_POLICY, 'cli')
    grant.poll(0)
    grant.poll(1)
    grant.decide(decision, 2)
    t.deepEqual(
      plain(grant.state),
      plain({
        ...(decision === 'approve'
          ? { status: 'approved', terms: termsAt(START + 2) }
          : { status: 'denied' }),
        person: 'ann',
        userCode: 'WDJBMJHT',
        request: { clientId: 'cli', device: {} },
        requestedAt: START,
        expiresAt: START + 600_000,
        intervalMs: 5_000,
        keepUntil: START + 1_200_000,
      }),
    )
  }
})
