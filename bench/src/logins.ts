import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { end } from '@device-grant/test-support/owned-process'
import { type Comparison, ofPairs, type Rate } from './compare.ts'
import { describeProfile, profileNow } from './cpu-profile.ts'
import {
  type LoginSide,
  logDevicesIn,
  loginsOfDeviceGrant,
  loginsOfOidcProvider,
} from './login-load.ts'
import { cpuSeconds } from './pinned-process.ts'
import { report, say } from './report.ts'
import { inFolder, type StoreVariables, startDeviceGrant, startOidcProvider } from './servers.ts'
import { slices } from './settings.ts'

const TARGET = 3

const measure = async (side: LoginSide): Promise<Rate> => {
  const before = cpuSeconds(side.server.child)
  const begin = performance.now()
  const logins = await logDevicesIn(side, {
    seconds: slices.seconds,
    devices: slices.connections,
  })
  const seconds = (performance.now() - begin) / 1000
  const used = cpuSeconds(side.server.child) - before
  return { perSecond: logins / seconds, perCpuSecond: logins / used, busy: used / seconds }
}

const compare = async (ours: LoginSide, theirs: LoginSide): Promise<Comparison> => {
  const pairs: [Rate, Rate][] = []
  // The first pair warms both servers up.
  for (let i = 0; i <= slices.count; i++) {
    const pair: [Rate, Rate] = [await measure(ours), await measure(theirs)]
    if (i > 0) pairs.push(pair)
  }
  return ofPairs(pairs)
}

/** How many logins a profile is of, and how many come before it. */
const PROFILED = 2_000

/** Profiles whole logins on one kind of store. */
export const profileLogins = async (stores: StoreVariables, folder: string): Promise<void> => {
  const into = await mkdtemp(join(folder, 'profile-'))
  const server = await startDeviceGrant({ ...stores, SIGN_IN: 'demo' }, folder, [
    '--cpu-prof',
    `--cpu-prof-dir=${into}`,
  ])
  const side = loginsOfDeviceGrant(server)
  const logins = async (least: number): Promise<number> => {
    let count = 0
    while (count < least) {
      count += await logDevicesIn(side, { seconds: 1, devices: slices.connections })
    }
    return count
  }
  await logins(PROFILED)
  const since = profileNow()
  const count = await logins(PROFILED)
  await end(server.child, 'SIGTERM')
  say(`\nprofile of whole logins, ${count} of them`)
  say(await describeProfile(into, since, 40))
}

/** Compares whole logins with those of `oidc-provider` on its example adapter for Redis. */
export const compareLogins = async (folder: string, redisUrl: string): Promise<void> => {
  const other = await startOidcProvider(redisUrl)
  const row = async (name: string, stores: StoreVariables): Promise<void> => {
    const server = await startDeviceGrant({ ...stores, SIGN_IN: 'demo' }, folder)
    say(`\nwhole logins on ${name}, beside oidc-provider on Redis`)
    const found = await compare(loginsOfDeviceGrant(server), loginsOfOidcProvider(other))
    report(found, TARGET, ['device-grant', 'oidc-provider'])
    await end(server.child, 'SIGTERM')
  }
  await row('LMDB with flushed writes', inFolder(join(folder, 'logins')))
  const mongo = await ownMongoServer('the logins of the benchmark')
  if (mongo) {
    await row('Redis and MongoDB', {
      STORES: 'memory',
      REDIS_URL: redisUrl,
      MONGODB_URI: `${mongo.uri.replace(/\/$/, '')}/logins`,
    })
    await mongo.stop()
  }
  await end(other.child, 'SIGTERM')
}
