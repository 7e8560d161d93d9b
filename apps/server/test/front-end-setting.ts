import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import type { ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

const PROGRAM = fileURLToPath(new URL('../../../examples/front-end/server.js', import.meta.url))

/**
 * Runs the example of a front end for one test, on a free port.
 * @returns the origin of its page
 */
export const startFrontEnd = async (
  t: ExecutionContext,
  deviceGrantUrl: string,
): Promise<string> => {
  const env = {
    ...process.env,
    PORT: String(await freePort()),
    DEVICE_GRANT_URL: deviceGrantUrl,
  }
  const program = spawnProgram(t, process.execPath, [PROGRAM], { env })
  const [, origin = ''] = await program.prints(/^(http:\S+)\n/)
  return origin
}

/** A server with a front end of the same site that may answer for people. */
export interface FrontEndSetting {
  readonly server: TestServer
  readonly publicUrl: string
  /** The origin of the front end. */
  readonly frontEnd: string
}

/** Starts both for one test. People sign in at the demo. */
export const startFrontEndSetting = async (t: ExecutionContext): Promise<FrontEndSetting> => {
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const frontEnd = await startFrontEnd(t, publicUrl)
  const server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    SIGN_IN: 'demo',
    FRONT_END_ORIGINS: frontEnd,
  })
  t.teardown(() => server.stop())
  return { server, publicUrl, frontEnd }
}
