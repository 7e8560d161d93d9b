import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'

export interface FrontEnd {
  /** The origin of its page, for `FRONT_END_ORIGINS`. */
  readonly origin: string
  stop(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../../examples/front-end/server.js', import.meta.url))

/** Runs the example of somebody else's front end on a free port; its page is at `${origin}/`. */
export const startFrontEnd = async (deviceGrantUrl: string, port?: number): Promise<FrontEnd> => {
  const env = {
    ...process.env,
    PORT: String(port ?? (await freePort())),
    DEVICE_GRANT_URL: deviceGrantUrl,
  }
  const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const origin = await Promise.race([
    once(child.stdout, 'data').then(([line]) => String(line).trim()),
    ended.then(() => Promise.reject(new Error('The front end ended before it was there'))),
  ])
  return {
    origin,
    async stop() {
      child.kill()
      await ended
    },
  }
}
