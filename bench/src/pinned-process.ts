import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { own } from '@device-grant/test-support/owned-process'

/** Whether processes can be pinned to a core. Otherwise figures vary too much. */
export const canPin: boolean =
  cpus().length > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

/** Pins this process, its threads and its future children to one core. */
export const pinSelf = (core: number): void => {
  if (canPin) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)])
}

/** How to start a process on one core. */
export interface PinnedProcess {
  readonly core: number
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** A file descriptor for its output. Default: a pipe for stdout, and the terminal for stderr. */
  readonly output?: number
  readonly ipc?: boolean
}

/** Starts a process on one core. */
export const startPinned = (options: PinnedProcess): ChildProcess => {
  const { core, command, args, env = process.env, output, ipc = false } = options
  const [first = command, ...rest] = canPin
    ? ['taskset', '-c', String(core), command, ...args]
    : [command, ...args]
  return own(
    spawn(first, rest, {
      env,
      stdio: ['ignore', output ?? 'pipe', output ?? 'inherit', ...(ipc ? ['ipc' as const] : [])],
    }),
  )
}

const TICKS_A_SECOND = 100

/** The CPU time of a process and its threads so far, in seconds, to 10 ms. */
export const cpuSeconds = ({ pid }: ChildProcess): number => {
  // The name in parentheses may contain spaces. User and system time are fields 14 and 15.
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return ((user ?? 0) + (system ?? 0)) / TICKS_A_SECOND
}
