import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { end } from '@device-grant/test-support/owned-process'
import { compareBehindNginx } from './behind-nginx.ts'
import type { Side } from './compare.ts'
import { describeProfile, profileNow } from './cpu-profile.ts'
import { compareKeyChecks } from './key-checks.ts'
import { compareLogins, profileLogins } from './logins.ts'
import { canPin, pinSelf } from './pinned-process.ts'
import {
  compareInRounds,
  compareOnLmdb,
  compareOnRedis,
  type Missed,
} from './polls-and-authorize.ts'
import { say, timed } from './report.ts'
import {
  inFolder,
  OTHER_CORE,
  onRedis,
  prepareCodes,
  type Server,
  type StoreVariables,
  startDeviceGrant,
  startRedis,
} from './servers.ts'
import { flags, HELP, parts, polledCodes, rounds, slices } from './settings.ts'
import { authorizing, pollForms, polling } from './sides.ts'
import { measureSizes } from './sizes.ts'
import { answered } from './warm-up.ts'

if (flags.help) {
  say(HELP)
  process.exit()
}
const folder = await mkdtemp(join(tmpdir(), 'device-grant-bench-'))
pinSelf(OTHER_CORE)
const redis = await startRedis(folder)
const lmdb = join(folder, 'lmdb')

/** Where a part keeps its grants. */
const places = {
  Redis: { place: redis.url, stores: onRedis(redis.url) },
  LMDB: { place: lmdb, stores: inFolder(lmdb) },
} as const

const prepare = (place: string, count: number): Promise<string[]> =>
  timed(`prepared ${count} codes`, prepareCodes(place, count))

/** Profiles one kind of request on a server of its own. */
const profile = async (
  title: string,
  stores: StoreVariables,
  warmUp: number,
  sideOf: (server: Server) => Side,
): Promise<void> => {
  const into = await mkdtemp(join(folder, 'profile-'))
  const server = await startDeviceGrant(stores, folder, ['--cpu-prof', `--cpu-prof-dir=${into}`])
  const side = sideOf(server)
  const way = flags.independent ? rounds : slices
  await answered(side, warmUp, way)
  const since = profileNow()
  const count = await answered(side, polledCodes, way)
  await end(server.child, 'SIGTERM')
  say(`\nprofile of ${title}, ${count} of them`)
  say(await describeProfile(into, since, 40))
}

const profileOn = async (
  name: keyof typeof places,
  codes: readonly string[],
  what: readonly Missed[],
): Promise<void> => {
  const { stores } = places[name]
  if (what.includes('polls')) {
    const sideOf = (server: Server): Side => polling(server, pollForms(codes))
    await profile(`pending polls on ${name}`, stores, codes.length, sideOf)
  }
  if (what.includes('authorize')) {
    await profile(`authorize on ${name}`, stores, polledCodes / 4, authorizing)
  }
}

/** Runs the parts on one kind of store. */
const runOn = async (name: keyof typeof places): Promise<void> => {
  const { place, stores } = places[name]
  // Polls on LMDB are so fast that of fewer codes they would be early.
  const codes = await prepare(place, name === 'LMDB' ? 1.5 * polledCodes : polledCodes)
  const start = (): Promise<Server> => startDeviceGrant(stores, folder)
  if (flags.profile) return profileOn(name, codes, ['polls', 'authorize'])
  if (parts.includes('independent')) await compareInRounds(name, start, codes)
  if (name === 'Redis' && parts.includes('redis')) {
    const more = (count: number): Promise<string[]> => prepare(place, count)
    await profileOn(name, codes, await compareOnRedis(start, codes, more))
  }
  if (name === 'LMDB' && parts.includes('lmdb')) {
    await profileOn(name, codes, await compareOnLmdb(start, codes))
  }
  if (name === 'LMDB' && parts.includes('nginx')) await compareBehindNginx(start, codes, folder)
}

say(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; ${slices.count} slices of ` +
    `${slices.seconds} s a side in turn, ${slices.connections} connections; median (least to most)`,
)
if (!canPin) say('taskset or a second core is missing: nothing is pinned, and ratios say little')
try {
  if (parts.includes('keys') && !flags.profile) await compareKeyChecks()
  if (parts.includes('redis') || parts.includes('independent')) await runOn('Redis')
  const onLmdb = flags.profile ? ['lmdb'] : ['lmdb', 'nginx', 'independent']
  if (parts.some((part) => onLmdb.includes(part))) await runOn('LMDB')
  if (parts.includes('logins')) {
    if (flags.profile) await profileLogins(places.LMDB.stores, folder)
    else await compareLogins(folder, redis.url)
  }
  if (parts.includes('sizes') && !flags.profile) await measureSizes(folder)
} finally {
  await end(redis.child, 'SIGTERM')
  await rm(folder, { recursive: true })
}
process.exit()
