import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type SpawnedProgram, spawnProgram } from './spawned-program.ts'

const PROGRAM = fileURLToPath(new URL('../../../examples/login/dist/main.js', import.meta.url))

/** The exit code of the example, and everything that it has written. */
export interface Ended {
  readonly exitCode: number | NodeJS.Signals
  readonly out: string
  readonly err: string
}

/** A folder for the keys of the example. It is removed after the test. */
export const newKeyFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'login-example-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const spawnExample = (
  t: ExecutionContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): SpawnedProgram =>
  spawnProgram(t, process.execPath, [PROGRAM, ...args], {
    // Tests answer as the person, so no browser opens here.
    env: { ...process.env, KEY_FOLDER: newKeyFolder(t), CI: 'true', ...env },
  })

const endOf = async ({ ended, out, err }: SpawnedProgram): Promise<Ended> => ({
  exitCode: await ended,
  out: out(),
  err: err(),
})

/**
 * Runs the example program of a device until it ends, with its base URL or other arguments.
 * @param env variables of its own, for example `KEY_FOLDER`; default: a new folder
 */
export const runLoginExample = (
  t: ExecutionContext,
  args: string | readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<Ended> => endOf(spawnExample(t, [args].flat(), env))

/** The example with its codes, waiting for a person's decision. */
export interface WaitingLogin {
  readonly userCode: string
  readonly completeUri: string
  /** Sends what Ctrl-C sends. */
  interrupt(): void
  readonly ended: Promise<Ended>
}

/**
 * Starts the example that logs in at `url`, prints JSON, and waits for its codes.
 * @throws {Error} if it ends without any
 */
export const startLoginExample = async (
  t: ExecutionContext,
  url: string,
  env?: NodeJS.ProcessEnv,
): Promise<WaitingLogin> => {
  const program = spawnExample(t, [url, '--json'], env)
  const [, page = '', userCode = ''] = await program.prints(/Open +(\S+)\s+Enter +(\S+)\s+Waiting/)
  const completeUri = `${page}?user_code=${userCode}`
  const interrupt = (): void => void program.child.kill('SIGINT')
  return { userCode, completeUri, interrupt, ended: endOf(program) }
}
