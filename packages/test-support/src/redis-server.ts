import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A redis-server of a test's own, on a free port of the loopback, with its data in a temporary folder. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it at once and keeps its data: SIGKILL. */
  kill(): Promise<void>
  /** Stops it from answering, with its connections left open: SIGSTOP. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same port with what its disk holds. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export interface RedisServerOptions {
  /** Lines of redis.conf. `port`, `bind` and `dir` are given. */
  readonly settings?: readonly string[]
  readonly sentinel?: boolean
  /** Paths of PEM files: it speaks nothing but TLS then. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

// Below the ports that systems hand out by themselves; a Cluster also needs the port 10 000 above.
const FIRST_PORT = 11_000
const PORTS = 9_000
const START_TRIES = 5

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}

const freePort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const launch = async (dir: string, sentinel: boolean): Promise<ChildProcess> => {
  const args = [join(dir, 'redis.conf'), ...(sentinel ? ['--sentinel'] : [])]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      log += chunk.toString()
      if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server did not start:\n${log}`)))
  })
  return child
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const startOnce = async ({
  settings = [],
  sentinel = false,
  tls,
}: RedisServerOptions): Promise<RedisServer> => {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const own = [
    ...(tls
      ? [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls.cert}`,
          `tls-key-file ${tls.key}`,
          `tls-ca-cert-file ${tls.cert}`,
          'tls-auth-clients no',
        ]
      : [`port ${port}`]),
    'bind 127.0.0.1',
    `dir ${dir}`,
    ...(sentinel ? [] : ['save ""']),
  ]
  await writeFile(join(dir, 'redis.conf'), `${[...own, ...settings].join('\n')}\n`)
  const remove = () => rm(dir, { recursive: true, force: true })
  let child: ChildProcess
  try {
    child = await launch(dir, sentinel)
  } catch (fault) {
    await remove()
    throw fault
  }
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    kill: () => end(child),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    restart: async () => {
      await end(child)
      child = await launch(dir, sentinel)
    },
    stop: async () => {
      await end(child)
      await remove()
    },
  }
}

/** Starts one, on another port when somebody took the first one in between. */
export const startRedisServer = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options)
    } catch (fault) {
      const taken = fault instanceof Error && /Address already in use/.test(fault.message)
      if (!taken || tries === START_TRIES) throw fault
    }
  }
}
