import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import test from 'ava'
import { type KeyFile, keyFolder, openKeyFile } from './key-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'key-file-'))
test.after.always(() => rm(folder, { recursive: true }))

const at = (name: string): KeyFile => openKeyFile(folder, new URL(`https://${name}.example/`))

test.serial('logins at several issuers at once keep every key', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  await Promise.all(names.map((name) => at(name).keep(`key of ${name}`)))
  for (const name of names) t.is(await at(name).read(), `key of ${name}`)
  await Promise.all(names.map((name) => at(name).forget()))
  t.is(await at('a').read(), undefined)
  t.deepEqual(await readdir(folder), [])
})

test.serial('a key that replaces another one is readable by its owner only', async (t) => {
  await at('a').keep('old')
  const [file = ''] = await readdir(folder)
  await chmod(join(folder, file), 0o644)
  await at('a').keep('new')
  t.deepEqual(await readdir(folder), [file])
  // Windows has no such bits.
  if (process.platform !== 'win32') t.is((await stat(join(folder, file))).mode & 0o777, 0o600)
  const content = await readFile(join(folder, file), 'utf8')
  t.deepEqual(JSON.parse(content), { issuer: 'https://a.example/', api_key: 'new' })
})

test.serial('the error about a broken file shows no part of it', async (t) => {
  await at('broken').keep('dg_secret')
  const [file = ''] = await readdir(folder)
  for (const text of ['dg_secret', '{"api_key": dg_secret}', '{"api_key": "dg_secret"', 'null']) {
    await writeFile(join(folder, file), text)
    const error = await t.throwsAsync(at('broken').read(), { message: /cannot be read/ }, text)
    t.notRegex(inspect(error), /dg_|secret/, text)
  }
  await at('broken').forget()
})

test('each platform has its own place for keys, and variables change it', (t) => {
  const home = homedir()
  for (const [platform, env, place] of [
    ['linux', {}, join(home, '.config', 'device-grant-example')],
    ['linux', { XDG_CONFIG_HOME: '/x' }, '/x/device-grant-example'],
    ['linux', { XDG_CONFIG_HOME: 'x' }, join(home, '.config', 'device-grant-example')],
    ['darwin', {}, join(home, 'Library', 'Application Support', 'device-grant-example')],
    ['win32', { APPDATA: '/roaming' }, join('/roaming', 'device-grant-example')],
    ['win32', {}, join(home, 'AppData', 'Roaming', 'device-grant-example')],
    ['darwin', { KEY_FOLDER: '/k', XDG_CONFIG_HOME: '/x' }, '/k'],
  ] as const) {
    t.is(keyFolder(env, 'device-grant-example', platform), place)
  }
})
