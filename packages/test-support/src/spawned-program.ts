import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import { own } from './owned-process.ts'

/** A program whose output a test reads. */
export interface SpawnedProgram {
  readonly child: ChildProcess
  /** Everything that it has written to stdout. */
  readonly out: () => string
  /** Everything that it has written to stderr. */
  readonly err: () => string
  /** The exit code, or the signal that ended it, once no process can write any more. */
  readonly ended: Promise<number | NodeJS.Signals>
  /**
   * Resolves with the match when its output matches.
   * @throws {Error} if it ends before
   */
  prints(pattern: RegExp): Promise<RegExpExecArray>
}

const killIfRunning = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** How a program is started. */
export interface SpawnedProgramOptions extends Pick<SpawnOptions, 'cwd' | 'detached' | 'env'> {
  /**
   * The text of its standard input.
   * @default no input
   */
  readonly input?: string | undefined
}

/** Starts a program for one test. It is killed after the test. */
export const spawnProgram = (
  t: ExecutionContext,
  command: string,
  args: readonly string[],
  { input = '', ...options }: SpawnedProgramOptions = {},
): SpawnedProgram => {
  const child = own(spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] }))
  // A program that reads no input may close it early.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  let hasEnded = false
  const ended = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => {
    hasEnded = true
    return code ?? signal
  })
  t.teardown(async () => {
    if (hasEnded || child.pid === undefined) return
    // A detached program leads a process group, and may leave other processes of it behind.
    killIfRunning(options.detached ? -child.pid : child.pid)
    await ended
  })
  const prints = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(out + err)
      if (found) return found
      if (hasEnded) throw new Error(`The program ended without printing ${pattern}: ${out}${err}`)
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended])
    }
  }
  return { child, out: () => out, err: () => err, ended, prints }
}
