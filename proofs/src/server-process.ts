import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { end, own } from '@device-grant/test-support/owned-process'

/** The server in a process of its own. */
export interface ServerProcess {
  readonly url: string
  /** Every line it has logged, including before restarts. */
  readonly log: readonly string[]
  /** Kills it with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again on the same port and waits until it is ready. */
  restart(): Promise<void>
  /** Stops it with SIGTERM. */
  stop(): Promise<void>
}

/** The URLs of the stores. */
export interface Stores {
  readonly redisUrl: string
  readonly mongodbUri: string
}

/** The program of the server. */
export const MAIN: string = fileURLToPath(
  new URL('../../apps/server/dist/main.js', import.meta.url),
)
const READY_WITHIN_MS = 30_000
const SESSION_SECRET = randomBytes(32).toString('base64url')

/**
 * Starts one on these stores, else in memory, with polls every second and no limit on new codes.
 * @param more further settings
 */
export const startServerProcess = async (
  { redisUrl, mongodbUri }: Partial<Stores> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log: string[] = []
  const environment = {
    PATH: process.env['PATH'],
    PORT: String(port),
    STORES: 'memory',
    REDIS_URL: redisUrl,
    MONGODB_URI: mongodbUri,
    SESSION_SECRET,
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    AUTHORIZE_LIMIT: '0',
    POLL_INTERVAL: '1',
    ...more,
  }
  const launch = async (): Promise<ChildProcess> => {
    const child = own(
      spawn(process.execPath, ['--enable-source-maps', MAIN], {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        log.push(...lines)
      })
    }
    await ready(child, url, log)
    return child
  }
  let child = await launch()
  return {
    url,
    log,
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      await end(child, 'SIGKILL')
      child = await launch()
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

/** Starts so many servers on the same stores, with the same further settings. */
export const startServerProcesses = (
  count: number,
  stores: Stores,
  more: Readonly<Record<string, string>> = {},
): Promise<readonly ServerProcess[]> =>
  Promise.all(Array.from({ length: count }, () => startServerProcess(stores, more)))

const ready = async (child: ChildProcess, url: string, log: readonly string[]): Promise<void> => {
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/status`)).ok
  try {
    await eventually(
      'the server is ready or has exited',
      async () => child.exitCode !== null || isReady(),
      READY_WITHIN_MS,
    )
    if (child.exitCode !== null) throw new Error('The server has exited')
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`The server is not ready:\n${log.join('\n')}`, { cause: error })
  }
}
