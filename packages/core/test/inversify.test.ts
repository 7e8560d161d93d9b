import { TestClock } from '@device-grant/test-support/clock'
import 'reflect-metadata'
import { createPolicy, type DeviceGrantEvent, type Events, TOKENS } from '@device-grant/core'
import {
  coreModule,
  get,
  memoryApiKeysModule,
  memoryStateModule,
} from '@device-grant/core/inversify'
import test from 'ava'
import { Container } from 'inversify'
import { MINUTE } from './memory-service.ts'

test('a container with the modules gives every use case on the same stores', async (t) => {
  const container = new Container()
  const events: DeviceGrantEvent[] = []
  container.load(coreModule(), memoryStateModule(), memoryApiKeysModule())
  container.bind(TOKENS.Clock).toConstantValue(new TestClock())
  container
    .bind<Events>(TOKENS.Events)
    .toConstantValue({ emit: (event) => void events.push(event) })
  container.bind(TOKENS.Policy).toConstantValue(createPolicy({ codeLifetimeMs: 5 * MINUTE }))

  const asked = await get(container, TOKENS.AuthorizeDevice)({ device: {} })
  const { deviceCode, userCode } = asked
  t.is(asked.expiresIn, 300)
  const question = { userCode, person: 'ann' }
  t.is((await get(container, TOKENS.ReviewUserCode)(question)).outcome, 'pending')
  const answer = { ...question, decision: 'approve' } as const
  t.is((await get(container, TOKENS.AnswerUserCode)(answer)).outcome, 'approved')
  const reply = await get(container, TOKENS.PollForToken)({ deviceCode })
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  await get(container, TOKENS.ConfirmDelivery)(reply.keyId)
  t.is((await get(container, TOKENS.AuthenticateApiKey)(reply.apiKey)).outcome, 'valid')
  t.is((await get(container, TOKENS.ListApiKeys)('ann')).length, 1)
  t.is(await get(container, TOKENS.RevokeApiKey)({ owner: 'ann', keyId: reply.keyId }), 'revoked')
  t.is(await get(container, TOKENS.RevokeAllApiKeys)('ann'), 0)
  t.is(events.at(-1)?.type, 'key_revoked')
})
