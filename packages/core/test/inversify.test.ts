import { TestClock } from '@device-grant/test-support/clock'
import { issued } from '@device-grant/test-support/issued'
import 'reflect-metadata'
import {
  type AdmitPerson,
  createMemoryStores,
  createPolicy,
  createUseCases,
  type DeviceGrantEvent,
  type Events,
  grantIdOf,
  keyIdOf,
  type Policy,
  TOKENS,
} from '@device-grant/core'
import {
  coreModule,
  get,
  memoryApiKeysModule,
  memoryStateModule,
  operatorModule,
} from '@device-grant/core/inversify'
import test from 'ava'
import { Container } from 'inversify'
import { logIn, MINUTE } from './memory-service.ts'

/** A container with everything in memory, that records its events. */
const aContainer = ({
  events = [],
  policy = createPolicy({ codeLifetimeMs: 5 * MINUTE }),
}: {
  readonly events?: DeviceGrantEvent[]
  readonly policy?: Policy
} = {}): Container => {
  const container = new Container()
  container.load(coreModule(), memoryStateModule(), memoryApiKeysModule())
  container.bind(TOKENS.Clock).toConstantValue(new TestClock())
  container
    .bind<Events>(TOKENS.Events)
    .toConstantValue({ emit: (event) => void events.push(event) })
  container.bind(TOKENS.Policy).toConstantValue(policy)
  return container
}

test('a container with the modules gives every use case on the same stores', async (t) => {
  const events: DeviceGrantEvent[] = []
  const container = aContainer({ events })

  const asked = issued(await get(container, TOKENS.AuthorizeDevice)({ device: {} }))
  const { deviceCode, userCode } = asked
  t.is(asked.expiresIn, 300)
  const question = { userCode, person: 'ann' }
  t.is((await get(container, TOKENS.ReviewUserCode)(question)).outcome, 'pending')
  const answer = { ...question, decision: 'approve' } as const
  t.is((await get(container, TOKENS.AnswerUserCode)(answer)).outcome, 'approved')
  const reply = await get(container, TOKENS.PollForToken)({ deviceCode })
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  const check = async () => (await get(container, TOKENS.AuthenticateApiKey)(reply.apiKey)).outcome
  t.is(await check(), 'valid')
  t.is((await get(container, TOKENS.ListApiKeys)({ owner: 'ann' })).keys.length, 1)
  t.is(await get(container, TOKENS.RevokeApiKey)({ owner: 'ann', keyId: reply.keyId }), 'revoked')
  t.is(await check(), 'revoked', 'a check that was kept is dropped')
  t.is(await get(container, TOKENS.RevokeAllApiKeys)('ann'), 0)
  t.deepEqual(
    events.slice(-2).map(({ type }) => type),
    ['key_revoked', 'key_refused'],
  )
})

test('a revocation of all keys in a container ends grants that were approved before', async (t) => {
  const container = aContainer()
  const { deviceCode, userCode } = issued(
    await get(container, TOKENS.AuthorizeDevice)({ device: {} }),
  )
  const answer = { userCode, person: 'ann', decision: 'approve' } as const
  await get(container, TOKENS.AnswerUserCode)(answer)
  const keyId = keyIdOf(grantIdOf(deviceCode))
  await get(container, TOKENS.ApiKeys).update(keyId, () => ({ next: undefined, reply: undefined }))
  t.is(await get(container, TOKENS.RevokeAllApiKeys)('ann'), 0)
  t.is((await get(container, TOKENS.PollForToken)({ deviceCode })).outcome, 'access_denied')
})

test('a key that the operator of a container revokes stops working there at once', async (t) => {
  const container = aContainer()
  container.load(operatorModule())
  const { operator, authenticate } = {
    operator: get(container, TOKENS.OperatorUseCases),
    authenticate: get(container, TOKENS.AuthenticateApiKey),
  }
  const one = await logIn(get(container, TOKENS.AllUseCases))
  const two = await logIn(get(container, TOKENS.AllUseCases))
  for (const { apiKey } of [one, two]) t.like(await authenticate(apiKey), { outcome: 'valid' })
  t.is(await operator.revokeApiKeys({ keyId: one.keyId }), 1)
  t.is(await operator.revokeLeakedKey({ apiKey: two.apiKey, by: 'operator' }), 'revoked')
  for (const { apiKey } of [one, two]) {
    t.deepEqual(await authenticate(apiKey), { outcome: 'revoked' })
  }
})

test('a container lets a user code go', async (t) => {
  const container = aContainer()
  const { userCode } = issued(await get(container, TOKENS.AuthorizeDevice)({ device: {} }))
  const review = get(container, TOKENS.ReviewUserCode)
  await review({ userCode, person: 'ann' })
  t.is((await review({ userCode, person: 'bob' })).outcome, 'contested')
  await get(container, TOKENS.ReleaseUserCode)({ userCode, person: 'ann' })
  t.is((await review({ userCode, person: 'bob' })).outcome, 'pending')
})

test('a container keeps key checks as long as its policy says', async (t) => {
  const container = aContainer({ policy: createPolicy({ keyCheckMaxAgeMs: 0 }) })
  const login = await logIn(get(container, TOKENS.AllUseCases))
  const check = get(container, TOKENS.AuthenticateApiKey)
  t.is((await check(login.apiKey)).outcome, 'valid')
  // The key is revoked in another process.
  const elsewhere = createUseCases({
    grants: get(container, TOKENS.DeviceGrants),
    userCodes: get(container, TOKENS.UserCodeClaims),
    codeAttempts: get(container, TOKENS.CodeAttempts),
    apiKeys: get(container, TOKENS.ApiKeys),
    cutOffs: get(container, TOKENS.CutOffs),
    clock: get(container, TOKENS.Clock),
  })
  await elsewhere.revokeApiKey({ owner: 'ann', keyId: login.keyId })
  t.is((await check(login.apiKey)).outcome, 'revoked', 'its policy keeps none')
})

test('the use cases of a container ask one directory, and share its yes', async (t) => {
  const container = aContainer({ policy: createPolicy({ keyCheckMaxAgeMs: 0 }) })
  let admitPerson: AdmitPerson = async () => true
  container.bind<AdmitPerson>(TOKENS.AdmitPerson).toConstantValue((person) => admitPerson(person))
  const login = await logIn(get(container, TOKENS.AllUseCases))
  const check = get(container, TOKENS.AuthenticateApiKey)
  admitPerson = async () => {
    throw new Error('The directory is down')
  }
  t.is((await check(login.apiKey)).outcome, 'valid', 'the pick-up had a yes')
  admitPerson = async () => false
  t.is((await check(login.apiKey)).outcome, 'not_admitted')
})

test('all use cases of a container are those that are bound one by one', (t) => {
  const container = aContainer()
  const all = get(container, TOKENS.AllUseCases)
  const bound = {
    authorizeDevice: TOKENS.AuthorizeDevice,
    pollForToken: TOKENS.PollForToken,
    reviewUserCode: TOKENS.ReviewUserCode,
    releaseUserCode: TOKENS.ReleaseUserCode,
    answerUserCode: TOKENS.AnswerUserCode,
    authenticateApiKey: TOKENS.AuthenticateApiKey,
    listApiKeys: TOKENS.ListApiKeys,
    revokeApiKey: TOKENS.RevokeApiKey,
    revokeAllApiKeys: TOKENS.RevokeAllApiKeys,
  }
  const clock = new TestClock()
  const made = createUseCases({ ...createMemoryStores({ clock }), clock })
  t.deepEqual(Object.keys(all).toSorted(), Object.keys(made).toSorted())
  for (const [name, token] of Object.entries(bound)) {
    t.is(Reflect.get(all, name), container.get(token), name)
  }
})
