import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { openLmdb } from '@device-grant/adapter-lmdb'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { authorize, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { runCommand } from '#src/commands/run-command.js'
import { ConfigError } from '#src/config.js'
import { keptSessionSecret } from '#src/data-folder/session-secret.js'
import { logTo } from '#src/log.js'
import { logStoresInUse } from '#src/stores-in-use.js'
import { configErrorsOf } from './config-errors.ts'
import { tempFolder } from './temp-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const SESSION_SECRET = 'vNq1fT0yq0XkP4m8q2rZ6aJd7sLw9uBe'
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Runs a command in this process. */
const command = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  let [out, err] = ['', '']
  const io = {
    env,
    stdin: Readable.from([]),
    out: (text: string) => {
      out += text
    },
    err: (text: string) => {
      err += text
    },
  }
  return { status: await runCommand(args, io), out, err }
}

/** A server of this process on a folder. */
const startOn = async (t: ExecutionContext, DATA_DIR: string, env = {}): Promise<TestServer> => {
  const server = await startTestServer({ STORES: '', DATA_DIR, ...env })
  t.teardown(server.stop)
  return server
}

const logIn = async (url: string): Promise<string> => {
  const { device_code, user_code } = await authorize(url)
  await decide(url, user_code, 'approve')
  return pickUp(url, device_code)
}

const statusOf = async (url: string, apiKey: string): Promise<number> =>
  (await whoami(url, apiKey)).status

test('without settings the data is in ./data, and a restart loses nothing', async (t) => {
  const { path } = await tempFolder(t)
  const PORT = String(await freePort())
  const env = { PORT, SIGN_IN: 'forwarded', TRUSTED_PROXIES: '127.0.0.1' }
  const url = `http://127.0.0.1:${PORT}`
  const start = async () => {
    const program = spawnProgram(t, process.execPath, [MAIN], {
      cwd: path,
      env: { PATH: process.env['PATH'], ...env },
    })
    await program.prints(/npm run login/)
    return program
  }
  const folder = join(path, 'data')
  const first = await start()
  const [line = ''] = first.out().split('\n')
  t.like(JSON.parse(line), {
    msg: 'codes are kept in the folder, API keys in the folder',
    codes: 'lmdb',
    apiKeys: 'lmdb',
    folder,
  })
  t.true(first.err().includes(`(The codes and API keys are kept in ${folder})`))
  t.notRegex(first.out(), /SESSION_SECRET is not set/)
  const apiKey = await logIn(url)
  const pending = await authorize(url)
  t.is(await statusOf(url, apiKey), 200)
  first.child.kill('SIGKILL')
  await first.ended
  const second = await start()
  t.is(await statusOf(url, apiKey), 200)
  t.is(await pollOutcome(url, pending.device_code), 'authorization_pending')
  second.child.kill('SIGTERM')
  t.is(await second.ended, 0)
  t.is((await stat(folder)).mode & 0o777, 0o700)
  for (const name of await readdir(folder)) {
    t.is((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  }
})

test('processes that start at once keep the same session secret, whole', async (t) => {
  const { path, write } = await tempFolder(t)
  const secrets = await Promise.all(Array.from({ length: 50 }, () => keptSessionSecret(path)))
  t.is(new Set(secrets).size, 1)
  t.regex(secrets[0] ?? '', /^[\w-]{43}$/)
  t.deepEqual(await readdir(path), ['session-secret'])
  t.is((await stat(join(path, 'session-secret'))).mode & 0o777, 0o600)
  await write('session-secret.0123456789ab', 'half of a')
  t.is(await keptSessionSecret(path), String(secrets[0]))
  await write('session-secret', '')
  const damaged = await t.throwsAsync(keptSessionSecret(path), { instanceOf: ConfigError })
  t.regex(damaged?.errors[0] ?? '', /^DATA_DIR: .*session-secret is damaged/)
  const missing = await t.throwsAsync(keptSessionSecret(join(path, 'none')), {
    instanceOf: ConfigError,
  })
  t.regex(missing?.errors[0] ?? '', /^DATA_DIR: .* cannot be used: ENOENT/)
})

test('a session outlives a restart, and SESSION_SECRET replaces the kept one', async (t) => {
  const { path } = await tempFolder(t)
  const PORT = String(await freePort())
  const env = { SIGN_IN: 'demo', PORT, PUBLIC_URL: `http://127.0.0.1:${PORT}` }
  const browser = new BrowserLike()
  const isSignedIn = async ({ url }: TestServer): Promise<boolean> =>
    !(await browser.open(`${url}/oauth/device/keys`)).url.includes('sign-in')
  const first = await startOn(t, path, env)
  const signIn = await browser.open(`${first.url}/oauth/device/keys`)
  await browser.submit(signIn, '/sign-in', { name: 'ann' })
  t.true(await isSignedIn(first))
  await first.stop()
  const second = await startOn(t, path, env)
  t.true(await isSignedIn(second))
  await second.stop()
  t.false(await isSignedIn(await startOn(t, path, { ...env, SESSION_SECRET })))
})

test('a line says where the data is, and warns if a part is on this machine alone', (t) => {
  const [here, memory] = [{ dataDir: './data' }, {}]
  const [redis, mongo] = [{ redisUrl: 'redis://h' }, { mongodbUri: 'mongodb://h' }]
  for (const [settings, level, text] of [
    [here, 30, /^codes are kept in the folder, API keys in the folder$/],
    [memory, 30, /^codes are kept in memory, API keys in memory$/],
    [{ ...redis, ...mongo }, 30, /^codes are kept in Redis, API keys in MongoDB$/],
    [{ ...here, ...redis }, 40, /in Redis, API keys in the folder: without MONGODB_URI, API keys/],
    [{ ...here, ...mongo }, 40, /in the folder, API keys in MongoDB: without REDIS_URL, codes/],
    [{ ...memory, ...redis }, 40, /in Redis, API keys in memory: without MONGODB_URI, API keys/],
    [{ ...memory, ...mongo }, 40, /in memory, API keys in MongoDB: without REDIS_URL, codes/],
  ] as const) {
    const lines: string[] = []
    logStoresInUse(settings, logTo({ write: (line: string) => lines.push(line) }, 'info'))
    const [line] = lines.map((each) => JSON.parse(each))
    t.is(lines.length, 1)
    t.is(line.level, level)
    t.regex(line.msg, text)
    t.is(line.folder, 'dataDir' in settings ? resolve('data') : undefined)
  }
})

test('STORES may only be memory', (t) => {
  t.deepEqual(configErrorsOf({ STORES: 'disk' }), ['STORES must be memory, if it is set'])
})

test('commands and another server use the folder of a running server', async (t) => {
  const { path } = await tempFolder(t)
  const DATA_DIR = join(path, 'data')
  const server = await startOn(t, DATA_DIR)
  const keys = [await logIn(server.url), await logIn(server.url), await logIn(server.url)]
  for (const key of keys) t.is(await statusOf(server.url, key), 200)
  const [revoked = '', first = '', second = ''] = keys
  const byKey = spawnProgram(t, process.execPath, [MAIN, 'keys', 'revoke', '--key'], {
    env: { PATH: process.env['PATH'], DATA_DIR },
    input: revoked,
  })
  t.is(await byKey.ended, 0)
  t.is(byKey.out(), 'Revoked 1 key\n')
  const other = await startOn(t, DATA_DIR)
  for (const key of [first, second]) t.is(await statusOf(other.url, key), 200)
  t.is(await statusOf(other.url, revoked), 401)
  t.deepEqual(membersOf(await send(server.url, { method: 'GET', path: '/status' })), {
    status: 'ok',
    up: ['lmdb'],
    down: [],
  })
  const copy = join(path, 'copy')
  const file = join(path, 'keys')
  const list = await command({ DATA_DIR }, 'keys', 'list')
  const check = await command({ DATA_DIR }, 'check')
  const exported = await command({ DATA_DIR }, 'keys', 'export', file)
  const copied = await command({ DATA_DIR }, 'backup', copy)
  t.is(list.out.trim().split('\n').length, 4)
  t.is(check.status, 0)
  t.regex(check.out, new RegExp(`^ok +folder +${DATA_DIR} is read and written$`, 'm'))
  t.is(exported.out, 'Exported keys: 2 active, 1 revoked, 0 erased. Cut-offs: 0\n')
  t.is(copied.out, `Copied ${DATA_DIR} to ${copy}, without session-secret\n`)
  t.deepEqual(await readdir(copy), ['data.mdb'])
  t.is((await stat(copy)).mode & 0o777, 0o700)
  t.is((await stat(join(copy, 'data.mdb'))).mode & 0o777, 0o600)
  const secret = (await readFile(join(DATA_DIR, 'session-secret'), 'utf8')).trim()
  t.false((await readFile(join(copy, 'data.mdb'))).includes(secret))

  const imported = join(path, 'imported')
  const again = await command({ DATA_DIR }, 'backup', copy)
  const into = await command({ DATA_DIR: imported }, 'keys', 'import', file, '--json')
  t.is(again.status, 1)
  t.is(again.err, 'The command failed: The folder exists already\n')
  t.is(into.err, `Imported into the folder ${imported}\n`)
  t.deepEqual(JSON.parse(into.out), { imported: 3, ended: 0, kept: 0, forgotten: 0 })
  for (const folder of [copy, imported]) {
    const { url } = await startOn(t, folder)
    for (const key of [first, second]) t.is(await statusOf(url, key), 200, folder)
    t.is(await statusOf(url, revoked), 401, folder)
  }
})

test('commands create no folder', async (t) => {
  const { path } = await tempFolder(t)
  const DATA_DIR = join(path, 'data')
  for (const args of [
    ['keys', 'list'],
    ['backup', join(path, 'copy')],
  ]) {
    const { status, err } = await command({ DATA_DIR }, ...args)
    t.is(status, 2)
    t.regex(err, /- DATA_DIR: .*data has no data\. Run this where the server runs/)
  }
  const typo = await command({ DATA_DIR }, 'keys', 'import', join(path, 'typo'))
  t.is(typo.status, 1)
  t.is(typo.err, 'The command failed: The file cannot be read: ENOENT\n')
  const check = await command({ DATA_DIR }, 'check')
  t.is(check.status, 0)
  t.regex(check.out, /^ok +folder +.*data has no data yet$/m)
  t.deepEqual(await readdir(path), [])
})

test('check names a folder that cannot be created, and a session secret that cannot be used', async (t) => {
  const { path, write } = await tempFolder(t)
  const file = await write('file', 'x')
  const below = await command({ DATA_DIR: join(file, 'data') }, 'check')
  t.is(below.status, 1)
  t.regex(below.out, /^error +folder +.*data cannot be created, because .*file is a file$/m)
  t.notRegex(below.out, /ENOTDIR/)
  const secret = await write('session-secret', 'short')
  const damaged = await command({ DATA_DIR: path }, 'check')
  t.is(damaged.status, 1)
  t.regex(damaged.out, /^error +settings +DATA_DIR: .*session-secret is damaged\. Remove it/m)
  t.is(await readFile(secret, 'utf8'), 'short')
  await chmod(path, 0o500)
  const closed = await command({ DATA_DIR: join(path, 'data') }, 'check')
  await chmod(path, 0o700)
  const level = process.getuid?.() === 0 ? 'ok' : 'warning'
  t.is(closed.status, 0)
  t.regex(closed.out, new RegExp(`^${level} +folder +.*data has no data yet`, 'm'))
})

test('check says what is wrong with a folder', async (t) => {
  const { path, write } = await tempFolder(t)
  await write('data.mdb', 'x'.repeat(8_192))
  const { status, out } = await command({ DATA_DIR: path }, 'check')
  t.is(status, 1)
  t.regex(out, /^error +folder +DATA_DIR: .*is damaged/m)
})

test('a folder that cannot be used is one clear error at start', async (t) => {
  const { path, write } = await tempFolder(t)
  const newer = openLmdb({ path: join(path, 'newer') })
  await newer.root.put('format', '999')
  await newer.close()
  await mkdir(join(path, 'damaged'))
  await writeFile(join(path, 'damaged', 'data.mdb'), Buffer.alloc(8_192, 'x'))
  const file = await write('file', 'x')
  for (const [DATA_DIR, expected] of [
    [file, /cannot be written/],
    [join(path, 'damaged'), /is damaged/],
    [join(path, 'newer'), /newer version/],
  ] as const) {
    const start = startTestServer({ STORES: '', DATA_DIR })
    const error = await t.throwsAsync(start, { instanceOf: ConfigError })
    t.regex(error?.report ?? '', /^The configuration has 1 error:\n- DATA_DIR: .*\nSee --help\.$/)
    t.regex(error?.report ?? '', expected)
  }
  t.false(existsSync(join(path, 'damaged', 'session-secret')))
})

const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
const runAsRoot = (...command: readonly string[]): boolean => {
  const [program = '', ...args] = [...asRoot, ...command]
  return spawnSync(program, args).status === 0
}

test('a full disk is an outage that loses nothing, and ends once there is room', async (t) => {
  const { path } = await tempFolder(t)
  const disk = join(path, 'disk')
  await mkdir(disk)
  const size = `size=4m,uid=${process.getuid?.()}`
  if (!runAsRoot('mount', '-t', 'tmpfs', '-o', size, 'tmpfs', disk)) {
    reportSkipped('no tmpfs can be mounted, so no server is tested on a full disk')
    t.pass()
    return
  }
  t.teardown(() => runAsRoot('umount', '-l', disk))
  const server = await startOn(t, join(disk, 'data'))
  const { url } = server
  const apiKey = await logIn(url)
  const pending = await authorize(url)
  t.is(await statusOf(url, apiKey), 200)
  await t.throwsAsync(writeFile(join(disk, 'filler'), Buffer.alloc(8_000_000)), { code: 'ENOSPC' })
  // Pages that are free already still take some writes.
  const userAgent = 'x'.repeat(1_000)
  let refused = { status: 200, text: '' }
  for (let i = 0; i < 2_000 && refused.status === 200; i++) {
    refused = await post(url, AUTHORIZE, { client_id: 'cli' }, { 'user-agent': userAgent })
  }
  t.is(refused.status, 503, refused.text)
  t.is(await statusOf(url, apiKey), 200)
  t.is(await pollOutcome(url, pending.device_code), 'authorization_pending')
  t.is((await send(url, { method: 'GET', path: '/readyz' })).status, 200)
  await rm(join(disk, 'filler'))
  await decide(url, pending.user_code, 'approve')
  const second = await pickUp(url, pending.device_code)
  await server.stop()
  const again = await startOn(t, join(disk, 'data'))
  for (const key of [apiKey, second]) t.is(await statusOf(again.url, key), 200)
})
