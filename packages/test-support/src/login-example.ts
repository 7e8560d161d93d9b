import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type SpawnedProgram, spawnProgram } from './spawned-program.ts'

const PROGRAM = fileURLToPath(new URL('../../../examples/login/dist/login.js', import.meta.url))

/** The exit code of the example, and everything that it has written. */
export interface Ended {
  readonly exitCode: number | NodeJS.Signals
  readonly out: string
  readonly err: string
}

const spawnExample = (t: ExecutionContext, argument: string): SpawnedProgram =>
  spawnProgram(t, process.execPath, [PROGRAM, argument])

const endOf = async ({ ended, out, err }: SpawnedProgram): Promise<Ended> => ({
  exitCode: await ended,
  out: out(),
  err: err(),
})

/** Runs the example program of a device until it ends, with its base URL or another argument. */
export const runLoginExample = (t: ExecutionContext, argument: string): Promise<Ended> =>
  endOf(spawnExample(t, argument))

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
  const program = spawnExample(t, url)
  const [, userCode = '', completeUri = ''] = await program.prints(
    /enter +(\S+)\s+or open +(\S+)\s/,
  )
  return { userCode, completeUri, ended: endOf(program) }
}
