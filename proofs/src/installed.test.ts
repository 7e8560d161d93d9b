import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AUTHORIZE, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { end, own } from '@device-grant/test-support/owned-process'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { installPackage, nodeOf } from './installed-package.ts'

const installed = await installPackage()
test.after.always(() => installed.remove())

/** The oldest Node of each line that the package supports. */
const VERSIONS = ['20.19.0', '22.20.0', '24.12.0']
const SETTINGS = { SIGN_IN: 'forwarded', TRUSTED_PROXIES: '127.0.0.1', AUTHORIZE_LIMIT: '0' }
/** A start may take so much time of a processor until the first answer, in milliseconds. */
const START_WITHIN_MS = 500
/** A command may take so much time of a processor, in milliseconds. */
const COMMAND_WITHIN_MS = 500
const ATTEMPTS = 5

type Variables = Readonly<Record<string, string>>

const environment = (more: Variables = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: installed.folder,
  npm_config_update_notifier: 'false',
  CI: 'true',
  ...more,
})

/** The time that the processors spent on ended children of this process, in milliseconds, on Linux. */
const childTime = async (): Promise<number> => {
  const stat = await readFile('/proc/self/stat', 'utf8')
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
  return (Number(userTicks) + Number(systemTicks)) * 10
}

/**
 * The least time of a processor that a run takes, in milliseconds. Other programs on this machine can
 * only make a run take more.
 */
const leastTime = async (run: () => Promise<void>): Promise<number> => {
  const times: number[] = []
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = await childTime()
    await run()
    times.push((await childTime()) - before)
  }
  return Math.min(...times)
}

const authorize = (url: string): Promise<Response> =>
  fetch(url + AUTHORIZE, { method: 'POST', body: new URLSearchParams({ client_id: 'proof' }) })

const answers = async (child: ChildProcess, url: string): Promise<void> => {
  const isAnswered = async (): Promise<boolean> =>
    child.exitCode !== null || (await authorize(url)).ok
  await eventually('a code is issued', isAnswered, 60_000)
}

/** Starts the program and kills it after its first answer. */
const start = async (node: string, stores: Variables = {}): Promise<void> => {
  const port = await freePort()
  const env = environment({ ...SETTINGS, ...stores, PORT: String(port) })
  const { folder, program } = installed
  const child = own(spawn(node, [program], { cwd: folder, env, stdio: 'ignore' }))
  await answers(child, `http://127.0.0.1:${port}`)
  const { exitCode } = child
  await end(child, 'SIGKILL')
  if (exitCode !== null) throw new Error(`The server has exited with ${exitCode}`)
}

/** Runs a command of the program until its end. */
const command = async (t: ExecutionContext, node: string, args: readonly string[]) => {
  const { folder, program } = installed
  const run = spawnProgram(t, node, [program, ...args], { cwd: folder, env: environment() })
  t.is(await run.ended, 0, run.out() + run.err())
  return run.out()
}

const approve = async (url: string, userCode: string): Promise<void> => {
  const headers = { 'X-Forwarded-User': 'ann' }
  const body = new URLSearchParams({ user_code: userCode })
  const decision = await fetch(url + VERIFY_AUTHENTICATED, { method: 'POST', headers, body })
  if (!decision.ok) throw new Error(await decision.text())
}

test.serial('the folder has no package of this repository, and none that builds or tests', (t) => {
  const tools = ['@device-grant', 'ava', 'esbuild', 'koa', 'typescript']
  t.true(installed.packages.includes('device-grant'))
  t.deepEqual(
    installed.packages.filter((name) => tools.includes(name)),
    [],
  )
})

test.serial('npx device-grant serves, and npx device-grant login logs in', async (t) => {
  const { folder } = installed
  const npx = (args: readonly string[], env: Variables = {}) =>
    spawnProgram(t, 'npx', ['device-grant', ...args], {
      cwd: folder,
      detached: true,
      env: environment({ KEY_FOLDER: join(folder, 'keys'), ...env }),
    })
  const port = await freePort()
  const url = `http://localhost:${port}`
  const server = npx([], { ...SETTINGS, PORT: String(port) })
  await server.prints(new RegExp(`npx device-grant login ${url}\n`))
  const login = npx(['login', url, '--json'])
  const [, userCode = ''] = await login.prints(/Enter +(\S+)\s/)
  await approve(url, userCode)
  t.is(await login.ended, 0, login.err())
  t.is(JSON.parse(login.out()).user, 'ann')
  const whoami = npx(['whoami', url, '--json'])
  t.is(await whoami.ended, 0, whoami.err())
  t.is(JSON.parse(whoami.out()).user, 'ann')
  const logout = npx(['logout', url])
  t.is(await logout.ended, 0, logout.err())
  t.is(await npx(['whoami', url]).ended, 1)
  server.child.kill('SIGTERM')
  await server.ended
  t.true(server.out().includes('"server stopped"'))
})

for (const version of VERSIONS) {
  test.serial(`Node ${version} starts it and logs in`, async (t) => {
    const node = await nodeOf(version)
    if (node === undefined) {
      reportSkipped(
        `no Node ${version} at the registry of npm, so the package is not tried with it`,
      )
      t.pass()
      return
    }
    const started = await leastTime(() =>
      start(node, { DATA_DIR: join(installed.folder, version) }),
    )
    const helped = await leastTime(async () => void (await command(t, node, ['--help'])))
    t.log(`first answer on LMDB after ${started} ms, --help after ${helped} ms of a processor`)
    t.true(started < START_WITHIN_MS, `${started} ms`)
    t.true(helped < COMMAND_WITHIN_MS, `${helped} ms`)
    await t.notThrowsAsync(logIn(t, node))
  })
}

/** Starts the server, logs in at it, and stops it. */
const logIn = async (t: ExecutionContext, node: string): Promise<void> => {
  const { folder, program } = installed
  const port = await freePort()
  const url = `http://localhost:${port}`
  const KEY_FOLDER = join(folder, `keys-${port}`)
  const env = environment({ ...SETTINGS, PORT: String(port), KEY_FOLDER })
  const server = spawnProgram(t, node, [program], { cwd: folder, env })
  await server.prints(/device-grant is at/)
  const before = await childTime()
  const login = spawnProgram(t, node, [program, 'login', url], { cwd: folder, env })
  const [, userCode = ''] = await login.prints(/Enter +(\S+)\s/)
  await approve(url, userCode)
  t.is(await login.ended, 0, login.err())
  t.regex(login.out(), /as ann\b/)
  t.log(`login after ${(await childTime()) - before} ms of a processor`)
  server.child.kill('SIGTERM')
  t.is(await server.ended, 0)
}

test.serial('it starts as fast in memory', async (t) => {
  const started = await leastTime(() => start(process.execPath, { STORES: 'memory' }))
  t.log(`first answer after ${started} ms of a processor`)
  t.true(started < START_WITHIN_MS, `${started} ms`)
})

test.serial('it starts as fast on Redis and MongoDB', async (t) => {
  const mongo = hasRedis ? await ownMongoServer('the start on Redis and MongoDB') : undefined
  if (mongo === undefined) {
    t.pass()
    return
  }
  t.teardown(mongo.stop)
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const stores = {
    REDIS_URL: redis.url,
    MONGODB_URI: mongo.uri,
    SESSION_SECRET: 'a secret of thirty-two characters',
  }
  const started = await leastTime(() => start(process.execPath, stores))
  t.log(`first answer after ${started} ms of a processor`)
  t.true(started < START_WITHIN_MS, `${started} ms`)
})
