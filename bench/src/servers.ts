import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { startPinned } from './pinned-process.ts'

/** The measured servers have one core, and everything else has the other. */
export const SERVER_CORE = 0
export const OTHER_CORE = 1

/** A process that answers HTTP on loopback. */
export interface Server {
  readonly child: ChildProcess
  readonly port: number
}

/** Starts a Redis in `folder` that keeps nothing on disk. */
export const startRedis = async (folder: string): Promise<{ child: ChildProcess; url: string }> => {
  const port = await freePort()
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' }
  const child = startPinned({
    core: OTHER_CORE,
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
  })
  await firstLine(child, /Ready to accept connections/)
  child.stdout?.resume()
  return { child, url: `redis://127.0.0.1:${port}` }
}

/** The variables that choose the stores of the server, and others that differ. */
export type StoreVariables = Readonly<Record<string, string>>

/** Grants in Redis, and keys in memory. */
export const onRedis = (url: string): StoreVariables => ({ STORES: 'memory', REDIS_URL: url })

/** All states in a folder. */
export const inFolder = (path: string): StoreVariables => ({ DATA_DIR: path })

/** As `npm start`, the image and the systemd unit start the server. */
const SERVER_FLAGS = ['--max-semi-space-size=64']

/** Starts the server with every feature on and its log in a file. */
export const startDeviceGrant = async (
  stores: StoreVariables,
  folder: string,
  nodeOptions: readonly string[] = [],
): Promise<Server> => {
  const port = await freePort()
  const metricsPort = await freePort()
  const log = join(folder, 'log')
  const main = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url))
  // The environment may name real databases.
  const { MONGODB_URI: _, DATA_DIR: __, REDIS_URL: ___, ...environment } = process.env
  const child = startPinned({
    core: SERVER_CORE,
    command: process.execPath,
    args: [...nodeOptions, ...SERVER_FLAGS, '--enable-source-maps', main],
    env: {
      ...environment,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      SESSION_SECRET: randomBytes(32).toString('base64url'),
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '127.0.0.2',
      FRONT_END_ORIGINS: `http://localhost:${port}`,
      AUTHORIZE_LIMIT: '1000000',
      LOG_LEVEL: 'info',
      ...stores,
    },
    output: openSync(log, 'a'),
  })
  if (!(await isReady(child, `http://127.0.0.1:${port}/status`))) {
    throw new Error(`The server is not ready:\n${await readFile(log, 'utf8')}`)
  }
  return { child, port }
}

/** Starts the baseline application. */
export const startConstantApp = (nodeOptions: readonly string[] = []): Promise<Server> =>
  startApp('constant-app.js', [], nodeOptions)

/** Starts `oidc-provider` on a Redis. */
export const startOidcProvider = (redisUrl: string): Promise<Server> =>
  startApp('oidc-provider-app.js', [redisUrl])

const startApp = async (
  file: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<Server> => {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = startPinned({
    core: SERVER_CORE,
    command: process.execPath,
    args: [...nodeOptions, '--enable-source-maps', path, ...args],
    ipc: true,
  })
  const [port] = await once(child, 'message')
  return { child, port }
}

/** An application whose routes check API keys in different ways, and a key for it. */
export const startKeyCheckApp = async (
  mongodbUri: string | undefined,
): Promise<Server & { readonly apiKey: string }> => {
  const app = fileURLToPath(new URL('key-check-app.js', import.meta.url))
  const child = startPinned({
    core: SERVER_CORE,
    command: process.execPath,
    args: ['--enable-source-maps', app, ...(mongodbUri === undefined ? [] : [mongodbUri])],
    ipc: true,
  })
  const [{ port, apiKey }] = await once(child, 'message')
  return { child, port, apiKey }
}

/**
 * Puts pending device codes into Redis or LMDB through the stores of the adapter. Returns the codes.
 * @param place a Redis URL or the folder of an LMDB environment
 */
export const prepareCodes = async (place: string, count: number): Promise<string[]> => {
  const child = startPinned({
    core: SERVER_CORE,
    command: process.execPath,
    args: [fileURLToPath(new URL('prepare-codes.js', import.meta.url)), place, String(count)],
  })
  const codes: string[] = []
  if (child.stdout) for await (const line of createInterface(child.stdout)) codes.push(line)
  if (codes.length !== count)
    throw new Error(`Only ${codes.length} of ${count} codes were prepared`)
  return codes
}

const firstLine = async (child: ChildProcess, pattern: RegExp): Promise<void> => {
  let text = ''
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk)
    if (pattern.test(text)) return
  }
  throw new Error(`The process ended:\n${text}`)
}

const READY_WITHIN_MS = 15_000

/** Waits until a URL is answered with 2xx. Returns `false` if the process ends, or after 15 s. */
export const isReady = async (child: ChildProcess, url: string): Promise<boolean> => {
  const end = performance.now() + READY_WITHIN_MS
  while (child.exitCode === null && performance.now() < end) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return true
    await new Promise((done) => setTimeout(done, 50))
  }
  return false
}
