import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { revocationRound } from '@device-grant/test-support/revocation-round'
import test from 'ava'
import { startServerProcesses } from './server-process.ts'

const mongo = hasRedis ? await ownMongoServer('revocations among pick-ups') : undefined
const it = mongo ? test : test.skip
test.after.always(() => mongo?.stop())

const ROUNDS = 50
const DEVICES = 100
const ADMIN_TOKEN = `dga_${'t'.repeat(43)}`

it('no key outlives a revocation by owner among 100 pick-ups and approvals, 50 times', async (t) => {
  t.timeout(600_000)
  const folder = await mkdtemp(join(tmpdir(), 'device-grant-revocation-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const file = join(folder, 'admin.json')
  const hash = createHash('sha256').update(ADMIN_TOKEN).digest('base64url')
  await writeFile(file, JSON.stringify({ tokens: [{ name: 'proof', hash: `sha256:${hash}` }] }))
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const stores = { redisUrl: redis.url, mongodbUri: mongo?.uri ?? '' }
  const processes = await startServerProcesses(2, stores, { ADMIN_TOKENS_FILE: file })
  t.teardown(() => Promise.all(processes.map((server) => server.stop())))
  const [first = '', second = ''] = processes.map(({ url }) => url)

  const sum = { pickedUp: 0, revoked: 0, denied: 0, refused: 0, later: 0 }
  for (let i = 0; i < ROUNDS; i += 1) {
    const round = await revocationRound({
      urls: [first, second],
      adminToken: ADMIN_TOKEN,
      person: `leaver ${i}`,
      devices: DEVICES,
    })
    t.deepEqual(round.survivors, [])
    t.true(round.revoked > 0)
    sum.pickedUp += round.pickedUp
    sum.revoked += round.revoked
    sum.denied += round.denied
    sum.refused += round.refused
    sum.later += round.later
  }
  t.true(sum.denied > 0)
  t.true(sum.refused > 0)
  t.log(`${ROUNDS} rounds of ${DEVICES} devices: ${JSON.stringify(sum)}`)
})
