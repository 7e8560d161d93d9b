import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Line, lineChart } from './simulation/line-chart.ts'
import { EVENT_AT, type Outcome, runScenario, type Scenario } from './simulation/run-scenario.ts'

const HELP = `npm run simulate -- [--devices N]
  --devices N  how many devices log in within the hour (1000000)
Writes charts into docs/pictures if 1000000 devices or more log in. They take 4 GB of memory.
`
const ENOUGH_FOR_CHARTS = 1_000_000
const { values: flags } = parseArgs({
  options: {
    devices: { type: 'string', default: String(ENOUGH_FOR_CHARTS) },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write(HELP)
  process.exit()
}
const devices = Number(flags.devices)
if (!Number.isSafeInteger(devices) || devices < 1) {
  throw new Error('--devices must be a whole number above 0')
}

const MINUTE_OF_EVENT = EVENT_AT / 60_000
const [FROM, TO] = [MINUTE_OF_EVENT - 2, MINUTE_OF_EVENT + 8]
const FOLDER = new URL('../../docs/pictures/', import.meta.url)
const SCENARIOS: readonly { readonly scenario: Scenario; readonly title: string }[] = [
  { scenario: 'nothing', title: 'Nothing happens' },
  { scenario: 'outage', title: 'Redis is down for a minute' },
  { scenario: 'fail-over', title: 'Redis fails over in 5 s and forgets a second' },
  { scenario: 'restart', title: 'All servers are down for a minute' },
]

const greatest = (numbers: readonly number[], from: number, seconds: number): number =>
  Math.max(...numbers.slice(from, from + seconds))

/** The busiest second against the mean. Devices that poll independently give little more than 1. */
const unevenness = (numbers: readonly number[], from: number, seconds: number): number => {
  const sum = numbers.slice(from, from + seconds).reduce((total, n) => total + n, 0)
  return greatest(numbers, from, seconds) / (sum / seconds)
}

const percentile = (sorted: readonly number[], share: number): string =>
  `${((sorted[Math.floor(sorted.length * share)] ?? 0) / 1_000).toFixed(0)} s`

const describe = (title: string, outcome: Outcome): string => {
  const { polls, authorizations, tookMs } = outcome
  const at = MINUTE_OF_EVENT * 60
  const pollsOfAll = polls.reduce((sum, n) => sum + n, 0)
  return [
    title,
    `  polls a second, at most: ${greatest(polls, at - 120, 120)} in the 2 minutes before, ${greatest(polls, at, 480)} in the 8 minutes after`,
    `  new codes a second, at most: ${greatest(authorizations, at - 120, 120)} before, ${greatest(authorizations, at, 480)} after`,
    `  busiest second against the mean: ${unevenness(polls, at - 120, 120).toFixed(2)} in the 2 minutes before, ${unevenness(polls, at + 120, 240).toFixed(2)} in minutes 2 to 6 after`,
    `  logins: ${outcome.keys} keys, ${outcome.gaveUp} expired, ${outcome.startedAgain} started again, ${outcome.lostWrites} lost writes`,
    `  a login takes ${percentile(tookMs, 0.5)} (p50), ${percentile(tookMs, 0.95)} (p95), ${percentile(tookMs, 0.99)} (p99)`,
    `  a login polls ${(pollsOfAll / (outcome.keys + outcome.gaveUp)).toFixed(1)} times on average`,
    '',
  ].join('\n')
}

const window = (numbers: readonly number[]): readonly number[] =>
  numbers.slice(FROM * 60, TO * 60 + 1)

const polled = ({ polls }: Outcome): Line => ({
  name: 'polls a second',
  light: '#0b62d6',
  dark: '#6db1ff',
  values: window(polls),
})

const authorized = ({ authorizations }: Outcome): Line => ({
  name: 'new codes a second, times 10',
  light: '#c2410c',
  dark: '#fdba74',
  values: window(authorizations).map((n) => n * 10),
})

await mkdir(FOLDER, { recursive: true })
for (const { scenario, title } of SCENARIOS) {
  const outcome = await runScenario(scenario, devices)
  process.stdout.write(`${describe(title, outcome)}\n`)
  if (devices < ENOUGH_FOR_CHARTS) continue
  const svg = lineChart({
    title,
    lines: [polled(outcome), authorized(outcome)],
    from: FROM - MINUTE_OF_EVENT,
    to: TO - MINUTE_OF_EVENT,
    every: 1,
    xName: 'minutes',
  })
  await writeFile(new URL(`simulation-${scenario}.svg`, FOLDER), svg)
}
