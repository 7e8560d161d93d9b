import { parseArgs } from 'node:util'
import type { Slices } from './compare.ts'

export const HELP = `npm run bench -- [--redis] [--lmdb] [--nginx] [--independent] [--logins]
                        [--keys] [--sizes] [--quick] [--profile] [--codes N]
  --redis        polls and authorize on Redis only
  --lmdb         polls and authorize on LMDB only
  --nginx        polls on LMDB by two processes behind nginx only
  --independent  polls in the independent way only: 128 connections, and a generator that sleeps
                 500 µs between two rounds, so that polls arrive in bursts
  --logins       whole logins beside oidc-provider only
  --keys         key checks only
  --sizes        the room that codes and keys take only
  --quick        short slices: whether it runs, not what it measures
  --profile      where the processor's time goes, and no comparison; with --lmdb or --independent too
  --codes N      how many codes are pending when there are many (1000000)
Several parts may be named. Without a part, all of them run.
Environment: SLICES, SLICE_SECONDS, CONNECTIONS, POLLED_CODES.
`
const PARTS = ['redis', 'lmdb', 'nginx', 'independent', 'logins', 'keys', 'sizes'] as const
export type Part = (typeof PARTS)[number]

const flag = { type: 'boolean', default: false } as const
export const { values: flags } = parseArgs({
  options: {
    redis: flag,
    lmdb: flag,
    nginx: flag,
    independent: flag,
    logins: flag,
    keys: flag,
    sizes: flag,
    quick: flag,
    profile: flag,
    codes: { type: 'string' },
    help: flag,
  },
})

const named = PARTS.filter((part) => flags[part])
export const parts: readonly Part[] = named.length > 0 ? named : PARTS

const numberFrom = (name: string, byDefault: number): number => {
  const value = Number(process.env[name] ?? byDefault)
  if (!(value > 0)) throw new Error(`${name} must be a number above 0`)
  return value
}

export const slices: Slices = {
  count: numberFrom('SLICES', flags.quick ? 2 : 10),
  seconds: numberFrom('SLICE_SECONDS', flags.quick ? 1 : 3),
  connections: numberFrom('CONNECTIONS', 64),
}

/** The slices of the independent way of asking. */
export const rounds: Slices = {
  ...slices,
  connections: numberFrom('CONNECTIONS', 128),
  wakeEveryMs: 0.5,
}

/** How many codes one process is polled for. Each is due again in its turn, at up to 25 000 polls a second. */
export const polledCodes: number = numberFrom('POLLED_CODES', flags.quick ? 40_000 : 100_000)
export const manyCodes = Number(flags.codes ?? (flags.quick ? 150_000 : 1_000_000))
