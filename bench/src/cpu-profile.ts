import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CpuProfile {
  /** On the system's monotonic clock, in microseconds. */
  readonly startTime: number
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NOT_WORK = new Set(['(idle)', '(root)'])

/** The time on the clock of profiles, in microseconds. */
export const profileNow = (): number => Number(process.hrtime.bigint() / 1000n)

/**
 * Reads the profile in `folder`. Returns the shares of the busy time, the largest first.
 * @param since omits earlier samples, such as the start of the process
 */
export const describeProfile = async (
  folder: string,
  since: number,
  most: number,
): Promise<string> => {
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) return 'There is no profile'
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
  const functions = new Map<string, number>()
  const places = new Map<string, number>()
  let busy = 0
  let at = profile.startTime
  profile.samples.forEach((id, i) => {
    const frame = nodes.get(id)
    const time = profile.timeDeltas[i] ?? 0
    at += time
    if (at < since || !frame || NOT_WORK.has(frame.functionName)) return
    busy += time
    const place = placeOf(frame.url)
    const line = frame.url === '' ? '' : `:${frame.lineNumber + 1}`
    add(functions, `${frame.functionName || '(anonymous)'}  ${place}${line}`, time)
    add(places, frame.url === '' ? frame.functionName : packageOf(place), time)
  })
  return [
    `self time by package, of ${(busy / 1e6).toFixed(1)} s busy:`,
    ...top(places, busy, 15),
    'self time by function:',
    ...top(functions, busy, most),
  ].join('\n')
}

const add = (times: Map<string, number>, name: string, time: number): void => {
  times.set(name, (times.get(name) ?? 0) + time)
}

const top = (times: ReadonlyMap<string, number>, busy: number, most: number): string[] =>
  [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, time]) => `  ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`)

const placeOf = (url: string): string => {
  if (!url.startsWith('file:')) return url === '' ? 'native' : url
  const path = relative(ROOT, fileURLToPath(url))
  return path.split('node_modules/').at(-1) ?? path
}

/** Names our files by path, and files of dependencies by package. */
const packageOf = (place: string): string => {
  if (place.startsWith('packages/')) return place
  if (place.startsWith('node:')) return 'node'
  return /^(@[^/]+\/)?[^/]+/.exec(place)?.[0] ?? place
}
