import { execFile } from 'node:child_process'
import { open, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bearer } from '@device-grant/test-support/authorization-header'
import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test from 'ava'
import { AdminTokens } from '#src/admin/admin-tokens.js'
import { adminTokenHash, readAdminTokens } from '#src/admin/read-admin-tokens.js'
import { ConfigError } from '#src/config.js'
import { logTo } from '#src/log.js'
import { tempFolder } from './temp-folder.ts'

const hash = `sha256:${adminTokenHash('one')}`
const hash2 = `sha256:${adminTokenHash('two')}`

const WRONG: readonly (readonly [content: unknown, ...mistakes: string[]])[] = [
  ['', 'the file is not JSON'],
  ['{"tokens": [{"name": hunter2', 'the file is not JSON'],
  [[], 'the file must be an object', 'tokens must be a list with one entry or more'],
  [{}, 'tokens must be a list with one entry or more'],
  [{ tokens: {} }, 'tokens must be a list with one entry or more'],
  [{ tokens: [] }, 'tokens must be a list with one entry or more'],
  [{ tokens: [{ name: 'a', hash }], token: 1 }, 'the file has an unknown member "token"'],
  [{ tokens: ['a'] }, 'tokens[0] must be an object', 'tokens[0].name must', 'tokens[0].hash must'],
  [{ tokens: [{ name: 'a', hash, note: 'x' }] }, 'tokens[0] has an unknown member "note"'],
  [
    {
      tokens: [
        { name: 'a', hash },
        { name: '', hash: hash2 },
      ],
    },
    'tokens[1].name must be 1 to 64',
  ],
  [{ tokens: [{ name: 'a\nb', hash }] }, 'tokens[0].name must be 1 to 64'],
  [{ tokens: [{ name: 'x'.repeat(65), hash }] }, 'tokens[0].name must be 1 to 64'],
  [{ tokens: [{ name: 'a', hash: 'hunter2' }] }, 'tokens[0].hash must be sha256: and 43'],
  [{ tokens: [{ name: 'a', hash: `${hash}=` }] }, 'tokens[0].hash must be sha256: and 43'],
  [
    {
      tokens: [
        { name: 'a', hash },
        { name: 'a', hash },
      ],
    },
    'tokens[1].name repeats an earlier one',
    'tokens[1].hash repeats an earlier one',
  ],
]
for (const [i, [content, ...mistakes]] of WRONG.entries()) {
  test(`every mistake has its place: ${i} ${mistakes.join(', ')}`, async (t) => {
    const folder = await tempFolder(t)
    const path = await folder.write('admin.json', content)
    const error = await t.throwsAsync(readAdminTokens(path), { instanceOf: ConfigError })
    const errors = error?.errors ?? []
    t.is(errors.length, mistakes.length, errors.join('\n'))
    for (const mistake of mistakes) {
      t.true(
        errors.some((text) => text.startsWith(`ADMIN_TOKENS_FILE: ${mistake}`)),
        mistake,
      )
    }
    t.false(errors.join().includes('hunter2'))
  })
}

test('a file that cannot be read is named with the reason', async (t) => {
  const error = await t.throwsAsync(readAdminTokens('/nowhere/admin.json'))
  t.deepEqual(error instanceof ConfigError && error.errors, [
    'ADMIN_TOKENS_FILE: cannot be read (ENOENT)',
  ])
})

test('a server with a mistake in the file does not start', async (t) => {
  const folder = await tempFolder(t)
  const path = await folder.write('admin.json', { tokens: [{ name: 'a', hash: 'x' }] })
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  const env = {
    PATH: process.env['PATH'],
    PORT: String(await freePort()),
    STORES: 'memory',
    ADMIN_TOKENS_FILE: path,
  }
  const program = spawnProgram(t, process.execPath, [main], { env })
  t.is(await program.ended, 1)
  t.regex(program.err(), /^The configuration has 1 error:\n- ADMIN_TOKENS_FILE: tokens\[0\]\.hash/)
  t.notRegex(program.err(), /^ +at /m)
})

test('SIGHUP reads the tokens again', async (t) => {
  const folder = await tempFolder(t)
  const path = await folder.write('admin.json', { tokens: [{ name: 'first', hash }] })
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'],
    PORT: String(port),
    STORES: 'memory',
    ADMIN_TOKENS_FILE: path,
  }
  const program = spawnProgram(t, process.execPath, [main], { env })
  await program.prints(/npm run login/)
  const statusOf = async (token: string): Promise<number> => {
    const sent = { method: 'GET', path: '/admin/keys', headers: bearer(token) }
    return (await send(`http://127.0.0.1:${port}`, sent)).status
  }
  t.deepEqual([await statusOf('one'), await statusOf('two')], [200, 401])
  await folder.write('admin.json', { tokens: [{ name: 'second', hash: hash2 }] })
  program.child.kill('SIGHUP')
  await program.prints(/"admin tokens loaded again"/)
  t.deepEqual([await statusOf('one'), await statusOf('two')], [401, 200])
  await folder.write('admin.json', '{')
  program.child.kill('SIGHUP')
  await program.prints(/"ADMIN_TOKENS_FILE is invalid/)
  t.is(await statusOf('two'), 200)
})

test('of two reloads at once, the last one decides', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder.path, 'pipe')
  await folder.write('admin.json', { tokens: [{ name: 'first', hash }] })
  const tokens = await AdminTokens.load(join(folder.path, 'admin.json'))
  await rm(join(folder.path, 'admin.json'))
  // A pipe gives the first reader its content only when the test writes it.
  await promisify(execFile)('mkfifo', [path])
  await symlink(path, join(folder.path, 'admin.json'))
  const log = logTo({ write: () => {} }, 'silent')
  const first = tokens.reload(log)
  const pipe = await open(path, 'w')
  await rm(join(folder.path, 'admin.json'))
  await folder.write('admin.json', { tokens: [{ name: 'second', hash: hash2 }] })
  const second = tokens.reload(log)
  // Without an order, the second reload would be done by now.
  for (let i = 0; i < 20; i += 1) await stat(path)
  await pipe.writeFile(JSON.stringify({ tokens: [{ name: 'first', hash }] }))
  await pipe.close()
  await Promise.all([first, second])
  t.is(tokens.nameOf('one'), undefined)
  t.is(tokens.nameOf('two'), 'second')
})

test('a token has its name, until the file is read again without it', async (t) => {
  const folder = await tempFolder(t)
  const path = await folder.write('admin.json', {
    tokens: [
      { name: 'first', hash },
      { name: 'second', hash: hash2 },
    ],
  })
  const tokens = await AdminTokens.load(path)
  t.is(tokens.nameOf('one'), 'first')
  t.is(tokens.nameOf('two'), 'second')
  for (const wrong of ['', 'One', 'one ', hash, hash.slice(7)]) {
    t.is(tokens.nameOf(wrong), undefined)
  }
  const lines: string[] = []
  const log = logTo({ write: (line: string) => lines.push(line) }, 'info')
  await folder.write('admin.json', { tokens: [] })
  await tokens.reload(log)
  t.is(tokens.nameOf('one'), 'first', 'a file with a mistake changes nothing')
  await folder.write('admin.json', { tokens: [{ name: 'second', hash: hash2 }] })
  await tokens.reload(log)
  t.is(tokens.nameOf('one'), undefined)
  t.is(tokens.nameOf('two'), 'second')
  t.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['ADMIN_TOKENS_FILE is invalid, so the former tokens stay', 'admin tokens loaded again'],
  )
})
