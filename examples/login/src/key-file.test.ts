import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

const folder = await mkdtemp(join(tmpdir(), 'key-file-'))
process.env['KEY_FOLDER'] = folder
const { forgetKey, keepKey, readKey } = await import('./key-file.ts')
test.after.always(() => rm(folder, { recursive: true }))

const server = (name: string): URL => new URL(`https://${name}.example/`)

test.serial('logins at several servers at once keep every key', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  await Promise.all(names.map((name) => keepKey(server(name), `key of ${name}`)))
  for (const name of names) t.is(await readKey(server(name)), `key of ${name}`)
  await Promise.all(names.map((name) => forgetKey(server(name))))
  t.is(await readKey(server('a')), undefined)
  t.deepEqual(await readdir(folder), [])
})

test.serial('a key that replaces another one is readable by its owner only', async (t) => {
  await keepKey(server('a'), 'old')
  const [file = ''] = await readdir(folder)
  await chmod(join(folder, file), 0o644)
  await keepKey(server('a'), 'new')
  t.deepEqual(await readdir(folder), [file])
  // Windows has no such bits.
  if (process.platform !== 'win32') t.is((await stat(join(folder, file))).mode & 0o777, 0o600)
  t.is(await readKey(server('a')), 'new')
})
