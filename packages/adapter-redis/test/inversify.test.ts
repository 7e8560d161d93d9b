import { issued } from '@device-grant/test-support/issued'
import 'reflect-metadata'
import { disconnect } from '@device-grant/adapter-redis'
import { redisModule } from '@device-grant/adapter-redis/inversify'
import { createPolicy, TOKENS, useAssertion } from '@device-grant/core'
import { bind, coreModule, get, memoryApiKeysModule } from '@device-grant/core/inversify'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { Container } from 'inversify'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

it('the module binds the four states to a live client', async (t) => {
  const server = await startRedisServer()
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  const container = new Container()
  container.load(
    coreModule(),
    memoryApiKeysModule(),
    redisModule(redis, { prefix: 'mine:', timeoutMs: PATIENT_MS }),
  )
  bind(container, TOKENS.Clock).toConstantValue({ now: Date.now })
  bind(container, TOKENS.Policy).toConstantValue(createPolicy())
  bind(container, TOKENS.Events).toConstantValue({ emit: () => {} })
  const device = { address: '203.0.113.7' }
  const { deviceCode, userCode } = issued(await get(container, TOKENS.AuthorizeDevice)({ device }))
  const reply = await get(
    container,
    TOKENS.AnswerUserCode,
  )({
    userCode,
    person: 'ann',
    decision: 'deny',
  })
  t.is(reply.outcome, 'denied')
  t.is((await get(container, TOKENS.PollForToken)({ deviceCode })).outcome, 'access_denied')
  const use = useAssertion({ expiresAt: Date.now() + 60_000, now: Date.now() })
  t.is(await get(container, TOKENS.UsedAssertions).update('a', use), 'first_use')
  t.is(await get(container, TOKENS.UsedAssertions).update('a', use), 'used_before')
  const keys = await redis.keys('*')
  t.true(keys.length >= 3 && keys.every((key) => key.startsWith('mine:')), keys.join())
})
