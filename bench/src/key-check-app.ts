import type { AddressInfo } from 'node:net'
import { connect, ensureIndexes, MongoApiKeyStore } from '@device-grant/adapter-mongo'
import {
  type ApiKeyStore,
  createMemoryStores,
  createPolicy,
  createUseCases,
  type UseCases,
} from '@device-grant/core'
import { requireApiKey } from '@device-grant/http-koa'
import { issued } from '@device-grant/test-support/issued'
import Router from '@koa/router'
import Koa from 'koa'

// One application with the same answer behind different checks: none, a key that was checked a moment
// ago, a key that is read each time, and one bare read of the driver.
const clock = { now: Date.now }
const uri = process.argv[2]
const db = uri === undefined ? undefined : connect(uri)
if (db) await ensureIndexes(db)
const stores = createMemoryStores({ clock })
const apiKeys: ApiKeyStore = db ? new MongoApiKeyStore(db) : stores.apiKeys
const useCasesWith = (keyCheckMaxAgeMs: number): UseCases =>
  createUseCases({ ...stores, apiKeys, clock, policy: createPolicy({ keyCheckMaxAgeMs }) })

/** Logs a device in, and uses its key once. */
const logIn = async ({ authorizeDevice, answerUserCode, ...rest }: UseCases) => {
  const { deviceCode, userCode } = issued(await authorizeDevice({ clientId: 'bench', device: {} }))
  await answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  const reply = await rest.pollForToken({ deviceCode, clientId: 'bench' })
  if (reply.outcome !== 'granted') throw new Error(`The poll ended with ${reply.outcome}`)
  await rest.authenticateApiKey(reply.apiKey)
  return reply
}

const hot = useCasesWith(1_000)
const { apiKey, keyId } = await logIn(hot)
const router = new Router()
const answer = (ctx: Koa.Context): void => {
  ctx.body = { ok: true }
}
router.post('/empty', answer)
router.post('/hot', requireApiKey(hot.authenticateApiKey), answer)
router.post('/uncached', requireApiKey(useCasesWith(0).authenticateApiKey), answer)
router.post('/find-one', async (ctx) => {
  await db?.collection<{ _id: string }>('api_keys').findOne({ _id: keyId })
  answer(ctx)
})
const app = new Koa()
app.use(router.routes())
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, apiKey })
})
server.keepAliveTimeout = 75_000
process.once('disconnect', () => process.exit())
