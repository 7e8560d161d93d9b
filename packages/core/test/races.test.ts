import {
  type ApiKey,
  type CodeAttempts,
  CompareAndSwapStore,
  createMemoryStores,
  createPolicy,
  createUseCases,
  type DeviceGrant,
  StoreConflictError,
  type TokenReply,
  type UseCases,
  type UserCodeClaim,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { turns } from '@device-grant/test-support/event-loop'
import test from 'ava'
import { MemoryDriver } from './memory-driver.ts'
import { createMemoryService } from './memory-service.ts'
import { plain } from './plain.ts'

/** Waits for up to three turns of the event loop, so that races end either way. */
const aFewTurns = (): Promise<void> => turns(Math.floor(Math.random() * 4))

/** Two servers on one database, whose every command takes a few turns. */
const twoServers = (policy = createPolicy()) => {
  const clock = new TestClock()
  // These tests look keys up by their id only, so these look-ups find nothing.
  const { apiKeys: lookUps } = createMemoryStores({ clock })
  const drivers = {
    grants: new MemoryDriver<DeviceGrant>(aFewTurns),
    userCodes: new MemoryDriver<UserCodeClaim>(aFewTurns),
    codeAttempts: new MemoryDriver<CodeAttempts>(aFewTurns),
    apiKeys: new MemoryDriver<ApiKey>(aFewTurns),
  }
  const server = (): UseCases => {
    const options = { pause: aFewTurns }
    const apiKeys = new CompareAndSwapStore(drivers.apiKeys, options)
    return createUseCases({
      grants: new CompareAndSwapStore(drivers.grants, options),
      userCodes: new CompareAndSwapStore(drivers.userCodes, options),
      codeAttempts: new CompareAndSwapStore(drivers.codeAttempts, options),
      apiKeys: {
        update: (id, transition) => apiKeys.update(id, transition),
        findByOwner: (owner) => lookUps.findByOwner(owner),
        findBySecretHash: (hash) => lookUps.findBySecretHash(hash),
      },
      policy,
      clock,
    })
  }
  return { one: server(), other: server() }
}

const countOf = (replies: readonly TokenReply[]) => {
  const count: Partial<Record<TokenReply['outcome'], number>> = {}
  for (const { outcome } of replies) count[outcome] = (count[outcome] ?? 0) + 1
  return count
}

test('a thousand simultaneous polls after the approval get one key, once', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await service.authorizeDevice({ device: {} })
  await service.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, () => service.pollForToken({ deviceCode })),
  )
  t.deepEqual(plain(countOf(replies)), plain({ granted: 1, slow_down: 999 }))
})

test('a thousand simultaneous polls on two servers get one key, once', async (t) => {
  const { one, other } = twoServers()
  const { deviceCode, userCode } = await one.authorizeDevice({ device: {} })
  await other.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const reply = await (i % 2 ? one : other).pollForToken({ deviceCode })
      if (reply.outcome === 'granted') await one.confirmDelivery(reply.keyId)
      return reply
    }),
  )
  const { granted, slow_down = 0, invalid_grant = 0, ...rest } = countOf(replies)
  t.is(granted, 1)
  t.is(slow_down + invalid_grant, 999)
  t.deepEqual(plain(rest), plain({}))
})

for (const { title, people, policy } of [
  { title: 'by one person in two windows', people: ['ann', 'ann'], policy: createPolicy() },
  { title: 'by two people', people: ['ann', 'bob'], policy: createPolicy({ openedForMs: 0 }) },
] as const) {
  test(`of an approval and a denial ${title} exactly one wins, and every reply is true`, async (t) => {
    const { one, other } = twoServers(policy)
    const won = { approve: 0, deny: 0 }
    const race = async (): Promise<void> => {
      const { deviceCode, userCode } = await one.authorizeDevice({ device: {} })
      const answer = async (server: UseCases, decision: 'approve' | 'deny', person: string) => {
        // An approval sends twice as many commands, so the denial starts later.
        await turns(decision === 'deny' ? Math.floor(Math.random() * 30) : 0)
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
      const lost = { outcome: 'already_processed', ...(same ? { yours: winner, userCode } : {}) }
      t.deepEqual(
        plain([approval, denial]),
        plain(
          winner === 'approve'
            ? [{ outcome: 'approved', userCode }, lost]
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
    const { deviceCode, userCode } = await one.authorizeDevice({ device: {} })
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
  const { deviceCode, userCode } = await one.authorizeDevice({ device: {} })
  const press = async (server: UseCases) => {
    // A press is repeated after a lost race, and while five attempts are open.
    for (;;) {
      const reply = await server.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
      const again =
        reply.outcome === 'too_many_attempts' ||
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
    const { deviceCode, userCode } = await one.authorizeDevice({ device: {} })
    const flood = Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).pollForToken({ deviceCode })),
    )
    const answer = await other.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
    t.is(answer.outcome, 'approved')
    const replies = [...(await flood), await one.pollForToken({ deviceCode })]
    t.is(replies.filter(({ outcome }) => outcome === 'granted').length, 1)
  }
})
