import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from './eventually.ts'
import { end, own } from './owned-process.ts'
import { reportSkipped } from './skipped-tests.ts'

/** A reverse proxy on a free port of loopback. */
export interface ReverseProxy {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Whether a program can be started. If not, tests that need it are skipped with a line that says so.
 * @param flag makes the program print its version
 * @throws {Error} if it is missing and `CI` is `true`
 */
export const hasProgram = (program: string, flag: string, what: string): boolean => {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' })
    return true
  } catch {
    reportSkipped(`${what}: ${program} is missing`)
    return false
  }
}

/**
 * Starts the program of a proxy and waits until it answers.
 * @throws {Error} with what the program wrote on standard error, if it exits before
 */
export const startProxy = async (
  program: string,
  args: readonly string[],
  port: number,
): Promise<ReverseProxy> => {
  const child = own(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }))
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const exited = once(child, 'exit').then(() => {
    throw new Error(`${program} did not start:\n${log}`)
  })
  exited.catch(() => {})
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    exited,
    eventually(`${program} answers`, async () => {
      await fetch(url)
      return true
    }),
  ])
  return { url, stop: () => end(child, 'SIGTERM') }
}
