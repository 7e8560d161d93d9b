import { type Comparison, isServerTheLimit, type Spread } from './compare.ts'

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

export const timed = async <T>(what: string, work: Promise<T>): Promise<T> => {
  const begin = performance.now()
  const result = await work
  say(`${what} in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  return result
}

export const spreadOf = ({ median, least, most }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`

export const verdict = (met: boolean): string => (met ? 'met' : 'MISSED')

const sideText = (name: string, { perSecond, perCpuSecond, busy }: Comparison['ours']): string =>
  `  ${name.padEnd(13)} ${spreadOf(perSecond, 0)} requests/s, ${spreadOf(perCpuSecond, 0)} per ` +
  `CPU second, ${(1e6 / perCpuSecond.median).toFixed(1)} µs each, core ${(100 * busy.median).toFixed(0)} % busy`

/** Prints a comparison. Returns whether it met the target. */
export const report = (
  comparison: Comparison,
  target?: number,
  names: readonly [string, string] = ['device-grant', 'constant app'],
): boolean => {
  const { ratio } = comparison
  const bySecond = isServerTheLimit(comparison)
  const { median } = bySecond ? ratio.perSecond : ratio.perCpuSecond
  say(sideText(names[0], comparison.ours))
  say(sideText(names[1], comparison.constant))
  say(`  ratio by requests/s ${spreadOf(ratio.perSecond, 2)}`)
  say(`  ratio by CPU second ${spreadOf(ratio.perCpuSecond, 2)}`)
  const why = bySecond ? 'requests/s, both cores were full' : 'CPU second, a core was not full'
  const met = target === undefined || median >= target
  const aim = target === undefined ? '' : `, target ≥ ${target.toFixed(1)}: ${verdict(met)}`
  say(`  => ${median.toFixed(2)} (by ${why})${aim}`)
  return met
}
