import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { end, own } from './owned-process.ts'

const PROGRAM = fileURLToPath(new URL('../../../examples/login/dist/login.js', import.meta.url))

/** What the program has printed, and its exit code. */
export interface Ended {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** The example program of a device. */
interface LoginExample {
  readonly ended: Promise<Ended>
  /** Resolves when the output matches, with the match. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
}

const spawnExample = (t: ExecutionContext, url: string): LoginExample => {
  const child = own(spawn(process.execPath, [PROGRAM, url], { stdio: ['ignore', 'pipe', 'pipe'] }))
  t.teardown(() => end(child, 'SIGKILL'))
  const err = text(child.stderr)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  const ended = once(child, 'close').then(async ([exitCode]) => ({
    exitCode: Number(exitCode),
    out,
    err: await err,
  }))
  const failed = ended.then((result) => {
    throw new Error(`The example ended too early: ${result.out}${result.err}`)
  })
  failed.catch(() => {})
  return {
    ended,
    shows: async (pattern) => {
      for (;;) {
        const found = pattern.exec(out)
        if (found) return found
        await Promise.race([once(child.stdout, 'data'), failed])
      }
    },
  }
}

/** Runs the example that logs in at `url` until it ends. */
export const runLoginExample = (t: ExecutionContext, url: string): Promise<Ended> =>
  spawnExample(t, url).ended

/** The example with its codes, waiting for a person's decision. */
export interface WaitingLogin {
  readonly userCode: string
  readonly completeUri: string
  readonly ended: Promise<Ended>
}

/**
 * Starts the example that logs in at `url`, and waits for its codes.
 * @throws {Error} if it ends without any
 */
export const startLoginExample = async (
  t: ExecutionContext,
  url: string,
): Promise<WaitingLogin> => {
  const { ended, shows } = spawnExample(t, url)
  const [, userCode = '', completeUri = ''] = await shows(/enter +(\S+)\s+or open +(\S+)\s/)
  return { userCode, completeUri, ended }
}
