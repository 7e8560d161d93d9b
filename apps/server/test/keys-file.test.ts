import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type MovedState, StoreUnavailableError, secretHashOf } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import { KeysFileError, readKeysFile, writeKeysFile } from '#src/move-keys/keys-file.js'
import { tempFolder } from './temp-folder.ts'

const STATES: readonly MovedState[] = [
  {
    type: 'key',
    id: 'a'.repeat(22),
    state: {
      status: 'active',
      name: 'Device Link Access Key (WDJB-MJHT)',
      owner: 'Zoë "\n\u2028😀',
      request: { device: { address: '192.0.2.1' } },
      secretHash: secretHashOf('key'),
      approvedAt: 1,
      lastUsedAt: 2,
      expiresAt: 3,
      keepUntil: 4,
    },
  },
  { type: 'key', id: 'e'.repeat(22), state: { status: 'erased', keepUntil: 5 } },
  { type: 'cut_off', id: secretHashOf('owner'), state: { at: 1, keepUntil: 6 } },
]

const write = (path: string, states: readonly MovedState[] = STATES): Promise<void> =>
  writeKeysFile(path, async (one) => {
    for (const state of states) await one(state)
  })

/** The states of a file, or why it is refused. */
const read = async (path: string): Promise<readonly MovedState[] | string> => {
  const taken: MovedState[] = []
  try {
    await readKeysFile(path, async (batches) => {
      for await (const states of batches) taken.push(...states)
    })
    return taken
  } catch (error) {
    if (!(error instanceof KeysFileError)) throw error
    return taken.length > 0 ? `${taken.length} states were taken` : error.message
  }
}

test('a file has the states that were written, and only its owner may read it', async (t) => {
  const { path } = await tempFolder(t)
  const file = join(path, 'keys.jsonl')
  await write(file)
  t.deepEqual(await read(file), STATES)
  t.is((await stat(file)).mode & 0o777, 0o600)
  await write(join(path, 'none'), [])
  t.deepEqual(await read(join(path, 'none')), [])
  const many = Array.from({ length: 1_234 }, (_, i) => ({
    type: 'cut_off' as const,
    id: secretHashOf(`${i}`),
    state: { at: i, keepUntil: i },
  }))
  await write(join(path, 'many'), many)
  t.deepEqual(await read(join(path, 'many')), many)
})

test('a file that exists stays as it is, and an export that failed leaves none', async (t) => {
  const { path, write: put } = await tempFolder(t)
  const file = await put('mine', 'mine')
  await t.throwsAsync(write(file), {
    instanceOf: KeysFileError,
    message: 'The file exists already',
  })
  t.is(await readFile(file, 'utf8'), 'mine')
  const down = new StoreUnavailableError('down')
  const failing = writeKeysFile(join(path, 'half'), async (one) => {
    for (const state of STATES) await one(state)
    throw down
  })
  t.is(await t.throwsAsync(failing), down)
  t.deepEqual(await readdir(path), ['mine'])
  await t.throwsAsync(write(join(path, 'no', 'folder')), { message: /cannot be created: ENOENT/ })
})

/** A file with these lines and a right checksum. */
const fileOf = (lines: readonly unknown[]): string => {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const sha256 = createHash('sha256').update(text).digest('base64url')
  return `${text}${JSON.stringify({ end: { states: lines.length - 1, sha256 } })}\n`
}

test('a broken or newer file is refused with its line, and nothing of it is taken', async (t) => {
  const { write: put, path } = await tempFolder(t)
  const head = { format: 'device-grant keys', version: 1 }
  const line = { cut_off: secretHashOf('x'), state: { at: 1, keepUntil: 2 } }
  const key = { key: 'a'.repeat(22), state: STATES[0]?.state }
  t.is((await read(await put('right', fileOf([head, line, key])))).length, 2)
  for (const [text, expected] of [
    ['', /^Line 1: .*too early/],
    [fileOf([head, line]).split('\n')[0], /^Line 2: .*too early/],
    [fileOf([{ ...head, version: 2 }, line]), /^Line 1: .*newer version/],
    [fileOf([{ ...head, format: 'other' }, line]), /^Line 1: this is no file of keys/],
    [fileOf([line]), /^Line 1: this is no file of keys/],
    ['<html>', /^Line 1: this is no JSON object/],
    [fileOf([head, line, [1]]), /^Line 3: this is no JSON object/],
    [fileOf([head, line, { group: 'x', state: {} }]), /^Line 3: this is no state/],
    [fileOf([head, { ...key, key: '../x' }]), /^Line 2: this is no state/],
    [fileOf([head, { ...line, cut_off: 'x' }]), /^Line 2: this is no state/],
    [fileOf([head, { ...line, state: { at: 'now' } }]), /^Line 2: this is no state/],
    [
      fileOf([head, { ...key, state: { ...key.state, status: 'claimed', salt: 's' } }]),
      /^Line 2: this is no state/,
    ],
    [fileOf([head, line]).replace('"states":1', '"states":2'), /^Line 3: the checksum/],
    [`${fileOf([head, line])}${fileOf([head])}`, /^Line 4: the file goes on/],
  ] as const) {
    t.regex(String(await read(await put('broken', text ?? ''))), expected, text)
  }
  t.is(await read(join(path, 'none')), 'The file cannot be read: ENOENT')
  t.is(await read(path), 'The file is no regular file')
})

test('a file that was cut off or changed anywhere is refused', async (t) => {
  const { path } = await tempFolder(t)
  const [file, broken] = [join(path, 'keys'), join(path, 'broken')]
  await write(file)
  const bytes = await readFile(file)
  // A last line without its end is whole.
  const place = fc.nat(bytes.length - 2)
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, change) => {
      await writeFile(broken, bytes.subarray(0, at))
      t.regex(String(await read(broken)), /^Line \d: /)
      const changed = Buffer.from(bytes)
      changed[at] = Number(changed[at]) ^ change
      await writeFile(broken, changed)
      const found = await read(broken)
      // White space and escapes may be written in other ways.
      if (typeof found !== 'string') t.deepEqual(found, STATES)
      else t.regex(found, /^Line \d: /)
    }),
    { numRuns: 60 },
  )
})
