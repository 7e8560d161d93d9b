import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/** The reference server in a process of its own. */
export interface ServerProcess {
  readonly url: string
  /** Every line it has logged, over all its lives. */
  readonly log: readonly string[]
  /** SIGKILL. */
  kill(): Promise<void>
  /** Starts it again on the same port, and waits until it is ready. */
  restart(): Promise<void>
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>
}

export interface Stores {
  readonly redisUrl: string
  readonly mongodbUri: string
}

const MAIN = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url))
const READY_WITHIN_MS = 30_000
// Below the ports that systems hand out by themselves: one that is killed gets its own back.
const FIRST_PORT = 22_000
const PORTS = 9_000
const SESSION_SECRET = randomBytes(32).toString('base64url')

/** Starts one on these stores, with polls every second and no limit on new codes. */
export const startServerProcess = async ({
  redisUrl,
  mongodbUri,
}: Stores): Promise<ServerProcess> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log: string[] = []
  const environment = {
    PATH: process.env['PATH'],
    PORT: String(port),
    REDIS_URL: redisUrl,
    MONGODB_URI: mongodbUri,
    SESSION_SECRET,
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    AUTHORIZE_LIMIT: '0',
    POLL_INTERVAL: '1',
  }
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
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
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    url,
    log,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGKILL')
      child = await launch()
    },
    stop: () => end('SIGTERM'),
  }
}

/** Starts so many of them on the same stores. */
export const startServerProcesses = (
  count: number,
  stores: Stores,
): Promise<readonly ServerProcess[]> =>
  Promise.all(Array.from({ length: count }, () => startServerProcess(stores)))

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const ready = async (child: ChildProcess, url: string, log: readonly string[]): Promise<void> => {
  const end = performance.now() + READY_WITHIN_MS
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined)
    if (response?.ok) return
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL')
      throw new Error(`The server is not ready:\n${log.join('\n')}`)
    }
    await new Promise((done) => setTimeout(done, 50))
  }
}

const freePort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const probe = createServer()
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening')
      return port
    } catch {
      // Taken: another one.
    } finally {
      probe.close()
    }
  }
}
