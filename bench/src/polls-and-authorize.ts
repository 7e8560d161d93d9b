import { end } from '@device-grant/test-support/owned-process'
import { compareLatencies, compareRates, type Side, type Slices } from './compare.ts'
import { report, say, spreadOf, timed, verdict } from './report.ts'
import { type Server, startConstantApp } from './servers.ts'
import { manyCodes, rounds, slices } from './settings.ts'
import { authorizeForm, authorizing, constant, pollForms, polling, pollingEarly } from './sides.ts'
import { answered } from './warm-up.ts'

/** What a row missed. Its profile may tell why. */
export type Missed = 'polls' | 'authorize'

/** Compares servers on Redis: polls, their latency, polls among many codes, and authorize. */
export const compareOnRedis = async (
  start: () => Promise<Server>,
  codes: readonly string[],
  prepare: (count: number) => Promise<string[]>,
): Promise<Missed[]> => {
  const missed: Missed[] = []
  const [server, app] = [await start(), await startConstantApp()]
  const ours = polling(server, pollForms(codes))
  const theirs = constant(app, pollForms(codes))
  // A server that has run for a while has the polled codes in its cache.
  await timed('polled each once', answered(ours, codes.length))

  say('\npending polls on Redis, as fast as they go')
  const polls = await compareRates(ours, theirs, slices)
  if (!report(polls, 1)) missed.push('polls')
  if (!(await compareCalm(ours, theirs, polls.ours.perSecond.median))) missed.push('polls')

  say('')
  const others = await prepare(Math.max(0, manyCodes - codes.length))
  const pending = codes.length + others.length
  say(`pending polls on Redis, as fast as they go, with ${pending} codes pending`)
  if (!report(await compareRates(ours, theirs, slices), 1)) missed.push('polls')
  if (others.length > 0) {
    say('\nthe same, of codes that this process knows nothing of')
    report(await compareRates(polling(server, pollForms(others)), theirs, slices))
  }

  // Last, because its new codes evict the polled ones from the server's cache.
  say('\nauthorize on Redis, as fast as it goes')
  const authorize = await compareRates(authorizing(server), constant(app, authorizeForm), slices)
  if (!report(authorize, 0.5)) missed.push('authorize')
  await end(server.child, 'SIGTERM')
  await end(app.child, 'SIGTERM')
  return missed
}

/** Compares the latencies at half the rate. Returns whether they met the target. */
const compareCalm = async (ours: Side, theirs: Side, perSecond: number): Promise<boolean> => {
  const rate = Math.round(perSecond / 2)
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
  return p99 <= 2
}

/** Compares servers on LMDB: polls and authorize. */
export const compareOnLmdb = async (
  start: () => Promise<Server>,
  codes: readonly string[],
): Promise<Missed[]> => {
  const missed: Missed[] = []
  const [server, app] = [await start(), await startConstantApp()]
  const ours = polling(server, pollForms(codes))
  const theirs = constant(app, pollForms(codes))
  await timed('polled each once', answered(ours, codes.length))
  say('\npending polls on LMDB, as fast as they go')
  if (!report(await compareRates(ours, theirs, slices), 1)) missed.push('polls')
  say('\nauthorize on LMDB with flushed writes, as fast as it goes')
  const authorize = await compareRates(authorizing(server), constant(app, authorizeForm), slices)
  if (!report(authorize, 0.4)) missed.push('authorize')
  await end(server.child, 'SIGTERM')
  await end(app.child, 'SIGTERM')
  return missed
}

/** How many codes the independent benchmark polled in turn. Most of their polls are early. */
const FEW_CODES = 20_000

/** Compares polls in the independent way of asking: of pending codes, and of few codes in turn. */
export const compareInRounds = async (
  name: string,
  start: () => Promise<Server>,
  codes: readonly string[],
): Promise<void> => {
  const [server, app] = [await start(), await startConstantApp()]
  const row = async (what: string, ours: Side, asked: readonly string[]): Promise<void> => {
    await timed('polled each once', answered(ours, asked.length, rounds))
    say(`\n${what}`)
    report(await compareRates(ours, constant(app, pollForms(asked)), rounds), 1)
  }
  const inRounds = describe(rounds)
  await row(`pending polls on ${name}, ${inRounds}`, polling(server, pollForms(codes)), codes)
  const few = codes.slice(0, FEW_CODES)
  const early = pollingEarly(server, pollForms(few))
  await row(`early polls of ${few.length} codes on ${name}, ${inRounds}`, early, few)
  await end(server.child, 'SIGTERM')
  await end(app.child, 'SIGTERM')
}

const describe = ({ connections, wakeEveryMs = 0 }: Slices): string =>
  `${connections} connections in rounds of ${1000 * wakeEveryMs} µs`
