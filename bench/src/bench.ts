import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { end } from '@device-grant/test-support/owned-process'
import {
  type Comparison,
  compareLatencies,
  compareRates,
  isServerTheLimit,
  requireRightAnswers,
  type Side,
  type Spread,
} from './compare.ts'
import { describeProfile, profileNow } from './cpu-profile.ts'
import { applyLoad, type Target } from './load.ts'
import { canPin, pinSelf } from './pinned-process.ts'
import {
  OTHER_CORE,
  prepareCodes,
  type Server,
  startConstantApp,
  startDeviceGrant,
  startKeyCheckApp,
  startRedis,
} from './servers.ts'

const HELP = `npm run bench -- [--quick] [--profile] [--keys] [--codes N]
  --quick    short slices: whether it runs, not what it measures
  --profile  where the processor's time goes, and no comparison
  --keys     key checks only
  --codes N  how many codes are pending when there are many (1000000)
Environment: SLICES, SLICE_SECONDS, CONNECTIONS, POLLED_CODES.
`
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    keys: { type: 'boolean', default: false },
    codes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const numberFrom = (name: string, byDefault: number): number => {
  const value = Number(process.env[name] ?? byDefault)
  if (!(value > 0)) throw new Error(`${name} must be a number above 0`)
  return value
}
const slices = {
  count: numberFrom('SLICES', flags.quick ? 2 : 10),
  seconds: numberFrom('SLICE_SECONDS', flags.quick ? 1 : 3),
  connections: numberFrom('CONNECTIONS', 64),
}
/** How many codes one process is polled for. Each is due again in its turn, at up to 20 000 polls a second. */
const polledCodes = numberFrom('POLLED_CODES', flags.quick ? 40_000 : 80_000)
const manyCodes = Number(flags.codes ?? (flags.quick ? 150_000 : 1_000_000))

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const ENCODED_GRANT_TYPE = encodeURIComponent(GRANT_TYPE)

/** Polls every code in turn. */
const pollForms = (codes: readonly string[]): (() => string) => {
  let at = 0
  return () => {
    const code = codes[at] ?? ''
    at = (at + 1) % codes.length
    return `grant_type=${ENCODED_GRANT_TYPE}&device_code=${code}&client_id=bench`
  }
}
const authorizeForm = (): string => 'client_id=bench&scope=read%20write'

const polling = (server: Server, nextForm: () => string): Side => ({
  server,
  target: {
    port: server.port,
    path: TOKEN,
    nextForm,
    status: 'HTTP/1.1 400',
    answer: 'authorization_pending',
  },
})
const authorizing = (server: Server): Side => ({
  server,
  target: {
    port: server.port,
    path: '/oauth/device/authorize',
    nextForm: authorizeForm,
    status: 'HTTP/1.1 200',
    answer: 'device_code',
  },
})
const constant = (server: Server, nextForm: Target['nextForm']): Side => ({
  server,
  target: {
    port: server.port,
    path: '/constant',
    nextForm,
    status: 'HTTP/1.1 200',
    answer: '{"ok":true}',
  },
})

const spreadOf = ({ median, least, most }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`

const sideText = (name: string, { perSecond, perCpuSecond, busy }: Comparison['ours']): string =>
  `  ${name.padEnd(13)} ${spreadOf(perSecond, 0)} requests/s, ${spreadOf(perCpuSecond, 0)} per ` +
  `CPU second, ${(1e6 / perCpuSecond.median).toFixed(1)} µs each, core ${(100 * busy.median).toFixed(0)} % busy`

const verdict = (met: boolean): string => (met ? 'met' : 'MISSED')

/** Prints a comparison and returns its headline ratio. */
const report = (comparison: Comparison, target?: number): number => {
  const { ratio } = comparison
  const bySecond = isServerTheLimit(comparison)
  const headline = bySecond ? ratio.perSecond : ratio.perCpuSecond
  say(sideText('device-grant', comparison.ours))
  say(sideText('constant app', comparison.constant))
  say(`  ratio by requests/s ${spreadOf(ratio.perSecond, 2)}`)
  say(`  ratio by CPU second ${spreadOf(ratio.perCpuSecond, 2)}`)
  const why = bySecond ? 'requests/s, both cores were full' : 'CPU second, a core was not full'
  const aim = target === undefined ? '' : `, target ≥ ${target.toFixed(1)}: `
  const came = target === undefined ? '' : verdict(headline.median >= target)
  say(`  => ${headline.median.toFixed(2)} (by ${why})${aim}${came}`)
  return headline.median
}

if (flags.help) {
  say(HELP)
  process.exit()
}
const folder = await mkdtemp(join(tmpdir(), 'device-grant-bench-'))
pinSelf(OTHER_CORE)
const redis = await startRedis(folder)

const timed = async <T>(what: string, work: Promise<T>): Promise<T> => {
  const begin = performance.now()
  const result = await work
  say(`${what} in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  return result
}
const prepare = (count: number): Promise<string[]> =>
  timed(`prepared ${count} codes`, prepareCodes(redis.url, count))

/** Sends requests until there are at least so many answers. Returns how many there are. */
const answered = async ({ target }: Side, count: number): Promise<number> => {
  const { connections } = slices
  let answers = 0
  while (answers < count) {
    const result = await applyLoad({ target, seconds: 1, connections })
    requireRightAnswers(result, target)
    answers += result.answers
  }
  return answers
}

/** Profiles one kind of request on a server of its own. */
const profile = async (
  title: string,
  warmUp: number,
  sideOf: (server: Server) => Side,
): Promise<void> => {
  const into = await mkdtemp(join(folder, 'profile-'))
  const server = await startDeviceGrant(redis.url, folder, ['--cpu-prof', `--cpu-prof-dir=${into}`])
  const side = sideOf(server)
  await answered(side, warmUp)
  const since = profileNow()
  const count = await answered(side, polledCodes)
  await end(server.child, 'SIGTERM')
  say(`\nprofile of ${title}, ${count} of them`)
  say(await describeProfile(into, since, 40))
}

const compare = async (codes: readonly string[]): Promise<string[]> => {
  const missed: string[] = []
  const server = await startDeviceGrant(redis.url, folder)
  const app = await startConstantApp()
  const ours = polling(server, pollForms(codes))
  const theirs = constant(app, pollForms(codes))
  // A server that has run for a while has the polled codes in its cache.
  await timed('polled each once', answered(ours, codes.length))

  say('\npending polls, as fast as they go')
  const polls = await compareRates(ours, theirs, slices)
  if (report(polls, 1) < 1) missed.push('polls')

  const rate = Math.round(polls.ours.perSecond.median / 2)
  say(`\npending polls at half their rate, ${rate} a second; milliseconds`)
  const calm = await compareLatencies(ours, theirs, slices, rate)
  for (const [name, { p50, p99 }] of [
    ['device-grant', calm.ours],
    ['constant app', calm.constant],
  ] as const) {
    say(`  ${name.padEnd(13)} p50 ${spreadOf(p50, 2)}, p99 ${spreadOf(p99, 2)}`)
  }
  const p99 = calm.ours.p99.median / calm.constant.p99.median
  say(`  ratio of p99 by pairs ${spreadOf(calm.ratio, 2)}`)
  say(`  => ${p99.toFixed(2)} (median p99s), target ≤ 2: ${verdict(p99 <= 2)}`)
  if (p99 > 2) missed.push('polls')

  say('')
  const others = await prepare(Math.max(0, manyCodes - codes.length))
  const pending = codes.length + others.length
  say(`pending polls, as fast as they go, with ${pending} codes pending`)
  if (report(await compareRates(ours, theirs, slices), 1) < 1) missed.push('polls')
  if (others.length > 0) {
    say('\nthe same, of codes that this process knows nothing of')
    report(await compareRates(polling(server, pollForms(others)), theirs, slices))
  }

  // Last, because its new codes evict the polled ones from the server's cache.
  say('\nauthorize, as fast as it goes')
  const authorize = await compareRates(authorizing(server), constant(app, authorizeForm), slices)
  if (report(authorize, 0.5) < 0.5) missed.push('authorize')
  await end(server.child, 'SIGTERM')
  await end(app.child, 'SIGTERM')
  return missed
}

/** Compares the same answer with and without a key check, in one application. */
const compareKeyChecks = async (): Promise<void> => {
  const mongo = await ownMongoServer('the key checks of the benchmark')
  const app = await startKeyCheckApp(mongo?.uri)
  const side = (path: string): Side => ({
    server: app,
    target: {
      port: app.port,
      path,
      nextForm: () => '',
      status: 'HTTP/1.1 200',
      answer: '{"ok":true}',
      authorization: `Bearer ${app.apiKey}`,
    },
  })
  const ratio = async (
    what: string,
    checked: string,
    other: string,
  ): Promise<Comparison['ratio']> => {
    const { ratio: found } = await compareRates(side(checked), side(other), slices)
    say(`\n${what}`)
    say(`  ratio by requests/s ${spreadOf(found.perSecond, 2)}`)
    say(`  ratio by CPU second ${spreadOf(found.perCpuSecond, 2)}`)
    return found
  }
  const hot = await ratio('a key that was just checked, beside no check', '/hot', '/empty')
  say(
    `  => ${hot.perSecond.median.toFixed(2)}, target ≥ 0.85: ${verdict(hot.perSecond.median >= 0.85)}`,
  )
  if (mongo) {
    const uncached = await ratio(
      'a key that is read each time, beside a findOne',
      '/uncached',
      '/find-one',
    )
    const cpu = 1 / uncached.perCpuSecond.median
    say(`  => ${cpu.toFixed(2)} times the CPU, target ≤ 1.3: ${verdict(cpu <= 1.3)}`)
  }
  await end(app.child, 'SIGTERM')
  await mongo?.stop()
}

say(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; ${slices.count} slices of ` +
    `${slices.seconds} s a side in turn, ${slices.connections} connections; median (least to most)`,
)
if (!canPin) say('taskset or a second core is missing: nothing is pinned, and ratios say little')
try {
  if (flags.keys || !flags.profile) await compareKeyChecks()
  if (flags.keys) process.exit()
  const codes = await prepare(polledCodes)
  const toProfile = flags.profile ? ['polls', 'authorize'] : await compare(codes)
  if (toProfile.includes('polls')) {
    const sideOf = (server: Server): Side => polling(server, pollForms(codes))
    await profile('pending polls', codes.length, sideOf)
  }
  if (toProfile.includes('authorize')) await profile('authorize', polledCodes / 4, authorizing)
} finally {
  await end(redis.child, 'SIGTERM')
  await rm(folder, { recursive: true })
}
process.exit()
