import { keyIdOf, StoreError } from '@device-grant/core'
import { startMongoCuttingProxy } from '@device-grant/test-support/mongo-cutting-proxy'
import { replicaSet } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { ensureIndexes, MongoApiKeyStore } from '#src/index.js'
import { lifeOfAKey, WHOLE_LIFE, WRITES_OF_A_LIFE } from './life-of-a-key.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'
import { runApiKeyKit } from './run-kits.ts'
import { reservation } from './samples.ts'

const set = await replicaSet(
  'the store of API keys on a replica set, and a primary that steps down',
)
const it = set ? test.serial : test.serial.skip
const uri = set?.uri ?? 'mongodb://127.0.0.1:1'
const name = `device_grant_test_set_${process.pid}`
const open = () => connectPatiently(uri).client.db(name)
const [one, two] = [open(), open()]

test.before(async () => {
  if (set) await ensureIndexes(one, { timeoutMs: 2 * PATIENT_MS })
})

test.after.always(async () => {
  if (set) await one.dropDatabase()
  await one.client.close()
  await two.client.close()
  await set?.stop()
})

runApiKeyKit((title, run) => it(`API key store on a replica set: ${title}`, run), {
  dbs: [one, two],
})

it('replies stay correct while a primary steps down', async (t) => {
  const store = new MongoApiKeyStore(one)
  const id = keyIdOf('step down')
  const key = reservation('step down')
  /** Retries as a device does while the store is down. */
  const retry = async (): Promise<number> => {
    const end = performance.now() + 2 * PATIENT_MS
    for (;;) {
      try {
        return await store.update(id, (current) => {
          const count = Number(current?.status === 'reserved' ? current.name : 0) + 1
          return { next: { ...key, name: `${count}` }, reply: count }
        })
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > end) throw error
      }
    }
  }
  t.is(await retry(), 1)
  const stepDown = two.admin().command({ replSetStepDown: 2, force: true })
  // The server may close the connection instead of answering.
  const [replies] = await Promise.all([
    Promise.all(Array.from({ length: 10 }, retry)),
    stepDown.catch(() => {}),
  ])
  // An update whose outcome stayed unknown may leave a gap, but no two replies are the same.
  t.is(new Set(replies).size, 10)
  t.is(await retry(), Math.max(...replies) + 1)
})

for (const retryWrites of [false, true]) {
  it(`a write whose answer is lost counts once (retryWrites=${retryWrites})`, async (t) => {
    const member = new URL(uri)
    for (let nth = 1; nth <= WRITES_OF_A_LIFE; nth++) {
      const target = { host: member.hostname, port: Number(member.port || 27_017) }
      const proxy = await startMongoCuttingProxy(target, (write) => write === nth)
      const through = new URL(uri)
      through.host = `127.0.0.1:${proxy.port}`
      through.searchParams.delete('replicaSet')
      through.searchParams.set('directConnection', 'true')
      const { client } = connectPatiently(through.href, { retryWrites })
      try {
        const replies = await lifeOfAKey(client.db(name), `cut ${retryWrites} ${nth}`)
        t.deepEqual(replies, WHOLE_LIFE, `write ${nth}`)
        t.is(proxy.cuts, 1, `write ${nth}`)
      } finally {
        await client.close()
        await proxy.close()
      }
    }
  })
}
