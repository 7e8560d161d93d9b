import 'reflect-metadata'
import { connect, disconnect } from '@device-grant/adapter-redis'
import { redisModule } from '@device-grant/adapter-redis/inversify'
import {
  type AnswerUserCode,
  type AuthorizeDevice,
  createPolicy,
  type PollForToken,
  TOKENS,
} from '@device-grant/core'
import { coreModule, memoryApiKeysModule } from '@device-grant/core/inversify'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { Container } from 'inversify'

const it = hasRedis ? test : test.skip

it('the module binds the three states to a live client', async (t) => {
  const server = await startRedisServer()
  const redis = connect(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  const container = new Container()
  container.load(coreModule(), memoryApiKeysModule(), redisModule(redis, { prefix: 'mine:' }))
  container.bind(TOKENS.Clock).toConstantValue({ now: Date.now })
  container.bind(TOKENS.Policy).toConstantValue(createPolicy())
  container.bind(TOKENS.Events).toConstantValue({ emit: () => {} })
  const device = { address: '203.0.113.7' }
  const { deviceCode, userCode } = await container.get<AuthorizeDevice>(TOKENS.AuthorizeDevice)({
    device,
  })
  const reply = await container.get<AnswerUserCode>(TOKENS.AnswerUserCode)({
    userCode,
    person: 'ann',
    decision: 'deny',
  })
  t.is(reply.outcome, 'denied')
  t.is(
    (await container.get<PollForToken>(TOKENS.PollForToken)({ deviceCode })).outcome,
    'access_denied',
  )
  const keys = await redis.keys('*')
  t.true(keys.length >= 2 && keys.every((key) => key.startsWith('mine:')), keys.join())
})
