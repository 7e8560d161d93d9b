import {
  type ApiKey,
  type CodeAttempts,
  CompareAndSwapStore,
  type CutOff,
  createPolicy,
  createUseCases,
  type DeviceGrant,
  grantIdOf,
  keyIdOf,
  StoreConflictError,
  type TokenReply,
  type UseCases,
  type UserCodeClaim,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { turns } from '@device-grant/test-support/event-loop'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { DriverApiKeyStore, MemoryDriver } from './memory-driver.ts'
import { createMemoryService } from './memory-service.ts'
import { plain } from './plain.ts'

/** Waits for up to three turns of the event loop, so that races end either way. */
const aFewTurns = (): Promise<void> => turns(Math.floor(Math.random() * 4))

/** Two servers on one database, whose every command takes a few turns. */
const twoServers = (policy = createPolicy()) => {
  const clock = new TestClock()
  const drivers = {
    grants: new MemoryDriver<DeviceGrant>(aFewTurns),
    userCodes: new MemoryDriver<UserCodeClaim>(aFewTurns),
    codeAttempts: new MemoryDriver<CodeAttempts>(aFewTurns),
    apiKeys: new MemoryDriver<ApiKey>(aFewTurns),
    cutOffs: new MemoryDriver<CutOff>(aFewTurns),
  }
  const server = (): UseCases => {
    const options = { pause: aFewTurns }
    return createUseCases({
      grants: new CompareAndSwapStore(drivers.grants, options),
      userCodes: new CompareAndSwapStore(drivers.userCodes, options),
      codeAttempts: new CompareAndSwapStore(drivers.codeAttempts, options),
      apiKeys: new DriverApiKeyStore(drivers.apiKeys, options),
      cutOffs: new CompareAndSwapStore(drivers.cutOffs, options),
      policy,
      clock,
    })
  }
  return { one: server(), other: server(), clock }
}

/** People have more keys here than the default allows. */
const UNLIMITED = createPolicy({ keysPerPerson: 0 })

const countOf = (replies: readonly TokenReply[]) => {
  const count: Partial<Record<TokenReply['outcome'], number>> = {}
  for (const { outcome } of replies) count[outcome] = (count[outcome] ?? 0) + 1
  return count
}

test('a thousand simultaneous polls after the approval get one key, once', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: {} }))
  await service.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, () => service.pollForToken({ deviceCode })),
  )
  t.deepEqual(plain(countOf(replies)), plain({ granted: 1, slow_down: 999 }))
})

test('a thousand simultaneous polls on two servers get one key, once', async (t) => {
  const { one, other } = twoServers()
  const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
  await other.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const reply = await (i % 2 ? one : other).pollForToken({ deviceCode })
      if (reply.outcome === 'granted') await one.authenticateApiKey(reply.apiKey)
      return reply
    }),
  )
  const { granted, slow_down = 0, invalid_grant = 0, ...rest } = countOf(replies)
  t.is(granted, 1)
  t.is(slow_down + invalid_grant, 999)
  t.deepEqual(plain(rest), plain({}))
})

for (const { title, people, policy } of [
  { title: 'by one person in two windows', people: ['ann', 'ann'], policy: UNLIMITED },
  { title: 'by two people', people: ['ann', 'bob'], policy: { ...UNLIMITED, openedForMs: 0 } },
] as const) {
  test(`of an approval and a denial ${title} exactly one wins, and every reply is true`, async (t) => {
    const { one, other } = twoServers(policy)
    const won = { approve: 0, deny: 0 }
    const race = async (): Promise<void> => {
      const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
      const answer = async (server: UseCases, decision: 'approve' | 'deny', person: string) => {
        // Both send as many commands, so either may start later.
        await turns(Math.floor(Math.random() * 10))
        return server.answerUserCode({ userCode, decision, person })
      }
      const polling = (async () => {
        const replies: TokenReply[] = []
        for (let polls = 0; polls < 3; polls++)
          replies.push(await other.pollForToken({ deviceCode }))
        return replies
      })()
      const [approval, denial] = await Promise.all([
        answer(one, 'approve', people[0]),
        answer(other, 'deny', people[1]),
      ])
      const winner = approval.outcome === 'approved' ? 'approve' : 'deny'
      won[winner] += 1
      const same = people[0] === people[1]
      const keyId = keyIdOf(grantIdOf(deviceCode))
      const { approvedAt } = denial.outcome === 'already_processed' ? (denial.granted ?? {}) : {}
      const granted =
        winner === 'approve' ? { granted: { keyId, approvedAt, lifetimeMs: 86_400_000 } } : {}
      const own = same ? { yours: winner, userCode, ...granted } : {}
      const lost = { outcome: 'already_processed', ...own }
      t.deepEqual(
        plain([approval, denial]),
        plain(
          winner === 'approve'
            ? [{ outcome: 'approved', keyId, userCode }, lost]
            : [lost, { outcome: 'denied', userCode }],
        ),
      )
      const replies = await polling
      replies.push(await one.pollForToken({ deviceCode }))
      const outcomes = new Set(replies.map(({ outcome }) => outcome))
      if (winner === 'approve') {
        t.false(outcomes.has('access_denied'))
        t.is(replies.filter(({ outcome }) => outcome === 'granted').length, 1)
      } else {
        t.false(outcomes.has('granted'))
        t.is(replies.at(-1)?.outcome, 'access_denied')
      }
    }
    for (let races = 0; races < 1_000; races++) await race()
    t.is(won.approve + won.deny, 1_000)
    t.true(won.approve > 50 && won.deny > 50, `${won.approve} approved, ${won.deny} denied`)
  })
}

test('UI-16: of two people who approve one code exactly one owns the key', async (t) => {
  const { one, other } = twoServers(createPolicy({ openedForMs: 0 }))
  for (let races = 0; races < 100; races++) {
    const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
    const replies = await Promise.all([
      one.answerUserCode({ userCode, decision: 'approve', person: 'ann' }),
      other.answerUserCode({ userCode, decision: 'approve', person: 'bob' }),
    ])
    t.deepEqual(
      plain(replies.map(({ outcome }) => outcome).toSorted()),
      plain(['already_processed', 'approved']),
    )
    t.is((await one.pollForToken({ deviceCode })).outcome, 'granted')
  }
})

test('of a hundred presses of one button one decides, and the others report it', async (t) => {
  const { one, other } = twoServers()
  const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
  const press = async (server: UseCases) => {
    // A press is repeated after a lost race, and while five attempts are open.
    for (;;) {
      const reply = await server.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
      const again =
        reply.outcome === 'attempts_in_progress' ||
        ('error' in reply && reply.error instanceof StoreConflictError)
      if (!again) return reply
      await turns(1)
    }
  }
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, i) => press(i % 2 ? one : other)),
  )
  t.is(replies.filter(({ outcome }) => outcome === 'approved').length, 1)
  t.is(replies.filter((r) => r.outcome === 'already_processed' && r.yours === 'approve').length, 99)
  t.is((await one.pollForToken({ deviceCode })).outcome, 'granted')
})

test('polls that flood a pending code never overwrite its approval', async (t) => {
  const { one, other } = twoServers()
  for (let races = 0; races < 50; races++) {
    const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
    const flood = Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).pollForToken({ deviceCode })),
    )
    const answer = await other.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
    t.is(answer.outcome, 'approved')
    const replies = [...(await flood), await one.pollForToken({ deviceCode })]
    t.is(replies.filter(({ outcome }) => outcome === 'granted').length, 1)
  }
})

test('a revocation of all keys leaves none, whatever is approved and picked up meanwhile', async (t) => {
  const policy = createPolicy({ wrongCodesPerPerson: 100, keyCheckMaxAgeMs: 0 })
  let pickedUp = 0
  for (let races = 0; races < 100; races++) {
    const { one, other, clock } = twoServers(policy)
    const logins = await Promise.all(
      Array.from({ length: 6 }, async () => issued(await one.authorizeDevice({ device: {} }))),
    )
    const apiKeys: string[] = []
    const approve = async (userCode: string, after: number): Promise<void> => {
      await turns(after)
      await other.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
    }
    const poll = async (deviceCode: string, after = 0): Promise<void> => {
      await turns(after)
      const reply = await one.pollForToken({ deviceCode })
      if (reply.outcome !== 'granted') return
      apiKeys.push(reply.apiKey)
      await one.authenticateApiKey(reply.apiKey)
    }
    const revokeAll = async (after: number): Promise<void> => {
      await turns(after)
      await other.revokeAllApiKeys('ann')
    }
    const [early, ...late] = logins
    await approve(early?.userCode ?? '', 0)
    const random = (): number => Math.floor(Math.random() * 40)
    await Promise.all([
      revokeAll(random()),
      ...late.map(({ userCode }) => approve(userCode, random())),
      ...logins.flatMap(({ deviceCode }) => [poll(deviceCode, random()), poll(deviceCode, 60)]),
    ])
    clock.pass(5_000)
    for (const { deviceCode } of logins) await poll(deviceCode)
    for (const apiKey of apiKeys) t.is((await one.authenticateApiKey(apiKey)).outcome, 'revoked')
    pickedUp += apiKeys.length
    // Everything was approved within a second of the cut-off. What is approved later gives a key.
    const { deviceCode, userCode } = issued(await one.authorizeDevice({ device: {} }))
    await approve(userCode, 0)
    t.is((await one.pollForToken({ deviceCode })).outcome, 'granted')
  }
  t.true(pickedUp > 0, 'no key was picked up before the revocation')
})
