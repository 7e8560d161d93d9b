import { createUseCases, type TokenReply } from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { requestedResources, targetedResources } from '#src/rules/resource.js'
import { createMemoryService, SECOND } from './memory-service.ts'

const A = 'https://api.example.com'
const B = 'https://b.example.com'

test('a client asks for resources that it may ask for', (t) => {
  for (const [asked, allowed, expected] of [
    [undefined, undefined, undefined],
    [[A], undefined, undefined],
    [undefined, [A], undefined],
    [[], [A], undefined],
    [[A, A], [A, B], [A]],
    [[A, B], [A], 'invalid_target'],
    [[`${A}/`], [A], 'invalid_target'],
  ] as const) {
    const found = requestedResources(asked, allowed)
    t.deepEqual(found.outcome === 'ok' ? found.resources : found.outcome, expected)
  }
})

test('a poll asks for some of the approved resources', (t) => {
  for (const [approved, asked, allowed, expected] of [
    [[A, B], undefined, [A, B], [A, B]],
    [[A, B], [B], [A, B], [B]],
    [[A], [B], [A, B], 'invalid_target'],
    [undefined, [A], [A], 'invalid_target'],
    [undefined, [A], undefined, undefined],
    [[A], [A], undefined, [A]],
  ] as const) {
    const found = targetedResources(approved, asked, allowed)
    t.deepEqual(found.outcome === 'ok' ? found.resources : found.outcome, expected)
  }
})

test('a key is for the resources of its first answer', async (t) => {
  const { stores, clock } = createMemoryService()
  const service = createUseCases({ ...stores, clock, monotonic: clock.now, resources: [A, B] })
  t.deepEqual(await service.authorizeDevice({ device: {}, resources: ['urn:other'] }), {
    outcome: 'invalid_target',
  })
  const { deviceCode, userCode } = issued(
    await service.authorizeDevice({ device: {}, resources: [A, B] }),
  )
  await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  const poll = (resources?: readonly string[]): Promise<TokenReply> =>
    service.pollForToken({ deviceCode, resources })
  t.deepEqual(await poll(['urn:other']), { outcome: 'invalid_target' })
  const reply = await poll([B])
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  clock.pass(3 * SECOND)
  const again = await poll([A])
  if (again.outcome !== 'granted') return t.fail(again.outcome)
  t.is(again.apiKey, reply.apiKey)
  const key = await service.authenticateApiKey(reply.apiKey)
  t.deepEqual(key.outcome === 'valid' ? key.resources : undefined, [B])
})
