import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { mongoServer, withDatabase } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { revocationRound } from '@device-grant/test-support/revocation-round'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { adminTokenHash } from '#src/admin/read-admin-tokens.js'
import { tempFolder } from './temp-folder.ts'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const mongo = hasRedis ? await mongoServer('a revocation among pick-ups') : undefined
const it = mongo === undefined ? test.skip : test
test.after.always(() => mongo?.stop())

const ADMIN_TOKEN = `dga_${'t'.repeat(43)}`
const ROUNDS = 1

/** Starts a server in a process of its own, and returns its URL. */
const start = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>>,
): Promise<string> => {
  const port = await freePort()
  const program = spawnProgram(t, process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      SESSION_SECRET: 'a secret of thirty-two characters',
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '127.0.0.1',
      AUTHORIZE_LIMIT: '0',
      ...env,
    },
  })
  await program.prints(/npm run login/)
  return `http://127.0.0.1:${port}`
}

it('after 100 pick-ups and approvals at once and a revocation by owner, no key works', async (t) => {
  t.timeout(120_000)
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const folder = await tempFolder(t)
  const tokens = [{ name: 'support', hash: `sha256:${adminTokenHash(ADMIN_TOKEN)}` }]
  const env = {
    REDIS_URL: redis.url,
    MONGODB_URI: withDatabase(String(mongo?.uri), `revoke_owner_${process.pid}`),
    ADMIN_TOKENS_FILE: await folder.write('admin.json', { tokens }),
  }
  const urls = [await start(t, env), await start(t, env)] as const
  for (let i = 0; i < ROUNDS; i += 1) {
    const round = await revocationRound({
      urls,
      adminToken: ADMIN_TOKEN,
      person: `leaver ${i}`,
      devices: 100,
    })
    t.deepEqual(round.survivors, [])
    t.true(round.revoked > 0, 'keys were picked up before the revocation')
    t.log(`round ${i}: ${JSON.stringify(round)}`)
  }
})
