import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { end, own } from './owned-process.ts'

/** A redis-server on a free port of loopback, with its data in a temporary folder. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Kills it with SIGKILL and keeps its data. */
  kill(): Promise<void>
  /** Stops it with SIGSTOP. Its connections stay open. */
  freeze(): void
  /** Lets it continue after `freeze`. */
  thaw(): void
  /** Starts it again on the same port with the data on its disk. */
  restart(): Promise<void>
  /** Kills it and removes its data. */
  stop(): Promise<void>
}

export interface RedisServerOptions {
  /** Lines of redis.conf, beside `port`, `bind` and `dir`. */
  readonly settings?: readonly string[]
  readonly sentinel?: boolean
  /** Paths of PEM files. With them it speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** The bus of a Cluster node listens on its port plus this. */
const BUS_OFFSET = 10_000
const START_ATTEMPTS = 5

const launch = async (dir: string, sentinel: boolean): Promise<ChildProcess> => {
  const args = [join(dir, 'redis.conf'), ...(sentinel ? ['--sentinel'] : [])]
  const child = own(spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      log += chunk.toString()
      if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server did not start:\n${log}`)))
  })
  return child
}

const startOnce = async ({
  settings = [],
  sentinel = false,
  tls,
}: RedisServerOptions): Promise<RedisServer> => {
  const port = await freePort({ busOffset: BUS_OFFSET })
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const lines = [
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
  await writeFile(join(dir, 'redis.conf'), `${[...lines, ...settings].join('\n')}\n`)
  const remove = () => rm(dir, { recursive: true, force: true })
  let child: ChildProcess
  try {
    child = await launch(dir, sentinel)
  } catch (error) {
    await remove()
    throw error
  }
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    kill: () => end(child, 'SIGKILL'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    restart: async () => {
      await end(child, 'SIGKILL')
      child = await launch(dir, sentinel)
    },
    stop: async () => {
      await end(child, 'SIGKILL')
      await remove()
    },
  }
}

/** Starts a redis-server. If another process takes the port in between, it tries another port. */
export const startRedisServer = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options)
    } catch (error) {
      const taken = error instanceof Error && /Address already in use/.test(error.message)
      if (!taken || attempt === START_ATTEMPTS) throw error
    }
  }
}
