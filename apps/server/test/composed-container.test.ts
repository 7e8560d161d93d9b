import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { MongoApiKeyStore } from '@device-grant/adapter-mongo'
import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { membersOf, post } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'

process.env['SESSION_SECRET'] = 'a secret of thirty-two characters'
const { container, router } = await import('./composed-container.js')

test('docs/architecture.md shows this composition', async (t) => {
  const text = await readFile(new URL('../test/composed-container.ts', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const docs = await readFile(new URL('../../../docs/architecture.md', import.meta.url), 'utf8')
  t.true(docs.includes(`\`\`\`ts\n${shown.trim()}\n\`\`\``))
})

test('the composition gives a use case that works, with the bound stores and policy', async (t) => {
  const authorizeDevice = get(container, TOKENS.AuthorizeDevice)
  const { expiresIn, userCode } = issued(await authorizeDevice({ clientId: 'cli', device: {} }))
  t.is(expiresIn, 300)
  const question = { userCode, person: 'ann' }
  t.is((await get(container, TOKENS.ReviewUserCode)(question)).outcome, 'pending')
  t.true(get(container, TOKENS.ApiKeys) instanceof MongoApiKeyStore)
})

test('the router calls the use case that was bound again', async (t) => {
  const server = createServer(new Koa().use(router.routes()).callback())
  const origin = await listen(server)
  t.teardown(() => server.close())
  for (const [sent, expected] of [
    [{ client_id: 'cli' }, 'read'],
    [{ client_id: 'cli', scope: 'write' }, 'write'],
  ] as const) {
    const answer = membersOf(await post(origin, AUTHORIZE, sent))
    const userCode = String(answer['user_code'])
    const review = await get(container, TOKENS.ReviewUserCode)({ userCode, person: 'ann' })
    if (review.outcome !== 'pending') return t.fail(review.outcome)
    t.is(review.request.scope, expected)
  }
})
