import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  createLmdbStores,
  LmdbOpenError,
  type LmdbStores,
  openLmdb,
  ping,
} from '@device-grant/adapter-lmdb'
import { StoreFullError, StoreUnavailableError } from '@device-grant/core'
import test, { type ExecutionContext } from 'ava'
import { isNetworkPath, refusedFileSystem } from '#src/file-system.js'
import { toStoreError } from '#src/lmdb-error.js'
import { PATIENT_MS } from './patient.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folderOf = (t: ExecutionContext): string => {
  const { path, remove } = temporaryFolder()
  t.teardown(remove)
  return path
}

const fill = async ({ cutOffs }: LmdbStores, count: number): Promise<void> => {
  const next = { at: 1, keepUntil: Date.now() + 60_000, more: 'x'.repeat(1_000) }
  const ids = Array.from({ length: count }, (_, i) => `id ${i}`)
  await Promise.all(ids.map((id) => cutOffs.update(id, () => ({ next, reply: undefined }))))
}

/** A closed folder with two megabytes of states. */
const filledFolder = async (t: ExecutionContext): Promise<string> => {
  const path = folderOf(t)
  const environment = openLmdb({ path, timeoutMs: PATIENT_MS })
  const stores = createLmdbStores(environment)
  await fill(stores, 2_000)
  await stores.close()
  await environment.close()
  return path
}

const refused = (t: ExecutionContext, path: string, message: RegExp): void => {
  t.throws(() => openLmdb({ path }), { instanceOf: LmdbOpenError, message })
}

test('a missing folder is created for its owner only, also with a dot in its name', async (t) => {
  const path = join(folderOf(t), 'new', 'data.v1')
  await openLmdb({ path }).close()
  t.is(statSync(path).mode & 0o777, 0o700)
  for (const name of ['data.mdb', 'lock.mdb']) t.is(statSync(join(path, name)).mode & 0o777, 0o600)
})

test('a folder that cannot be written is refused', (t) => {
  const path = join(folderOf(t), 'a file')
  writeFileSync(path, '')
  refused(t, path, /^.*a file cannot be written: EEXIST/)
  refused(t, join(path, 'below'), /below cannot be written: ENOTDIR/)
  const other = folderOf(t)
  mkdirSync(join(other, 'data.mdb'))
  refused(t, other, /cannot be written: EISDIR/)
})

test('a file with an impossible size of pages is refused', async (t) => {
  const filled = await filledFolder(t)
  const file = openSync(join(filled, 'data.mdb'), 'r+')
  writeSync(file, Buffer.alloc(4), 0, 4, 48)
  closeSync(file)
  refused(t, filled, /data\.mdb is damaged: it does not start like a file of LMDB$/)
})

test('an id that is too long for LMDB fails alone', async (t) => {
  const environment = openLmdb({ path: folderOf(t), timeoutMs: PATIENT_MS })
  t.teardown(() => environment.close())
  const { cutOffs } = createLmdbStores(environment)
  const next = { at: 1, keepUntil: Date.now() + 60_000 }
  const write = (id: string) => cutOffs.update(id, () => ({ next, reply: 'written' }))
  await t.throwsAsync(write('a'.repeat(1_970)), { instanceOf: StoreUnavailableError })
  t.is(await write('short'), 'written')
})

test('a file that is not of LMDB is refused, and so is a cut one', async (t) => {
  const path = folderOf(t)
  writeFileSync(join(path, 'data.mdb'), 'x'.repeat(20_000))
  refused(t, path, /data\.mdb is damaged: it does not start like a file of LMDB$/)
  writeFileSync(join(path, 'data.mdb'), 'short')
  refused(t, path, /data\.mdb is damaged: it does not start like a file of LMDB$/)
  const filled = await filledFolder(t)
  const file = join(filled, 'data.mdb')
  copyFileSync(file, join(path, 'data.mdb'))
  truncateSync(file, statSync(file).size / 4)
  refused(t, filled, /data\.mdb is damaged: its last \d+ pages are missing$/)
  truncateSync(join(path, 'data.mdb'), 4_096)
  refused(t, path, /data\.mdb is damaged: it does not start like a file of LMDB$/)
})

test('a file of another version of LMDB is refused', async (t) => {
  const path = await filledFolder(t)
  const descriptor = openSync(join(path, 'data.mdb'), 'r+')
  writeSync(descriptor, Buffer.from([9, 0]), 0, 2, 28)
  refused(t, path, /data\.mdb is damaged: its pages have version 9 of LMDB, and not 2$/)
})

test('a file whose pages were overwritten is refused', async (t) => {
  const path = await filledFolder(t)
  const file = join(path, 'data.mdb')
  const pages = statSync(file).size / 4_096
  const descriptor = openSync(file, 'r+')
  for (let page = 2; page < pages; page++) {
    writeSync(descriptor, Buffer.alloc(4_096, 0), 0, 4_096, page * 4_096)
  }
  refused(t, path, /(cannot be opened|cannot be used|is damaged): /)
})

test('a folder of a newer version is refused, and stays as it is', async (t) => {
  const path = folderOf(t)
  const environment = openLmdb({ path })
  await environment.root.put('format', '2')
  await environment.close()
  refused(t, path, /was written by a newer version \(format 2\)\. Install that version$/)
  refused(t, path, /was written by a newer version/)
  const damaged = folderOf(t)
  const other = openLmdb({ path: damaged })
  await other.root.put('format', 'x')
  await other.close()
  refused(t, damaged, /is damaged: its format is not a number$/)
})

test('network file systems and network drives are refused', (t) => {
  const types = [0x6969, 0xff534d42, 0xff534d42 | 0, 0x517b, 0xfe534d42, 0x01021997, 0x65735546]
  const names = ['NFS', 'CIFS', 'CIFS', 'SMB', 'SMB', '9p', 'FUSE']
  t.deepEqual(types.map(refusedFileSystem), names)
  // ext4, overlayfs, tmpfs, XFS, btrfs
  for (const type of [0xef53, 0x794c7630, 0x01021994, 0x58465342, 0x9123683e]) {
    t.is(refusedFileSystem(type), undefined)
  }
  t.true(isNetworkPath('\\\\server\\share\\data'))
  t.true(isNetworkPath('\\\\?\\UNC\\server\\share'))
  for (const path of ['C:\\data', '\\\\?\\C:\\data', '\\\\.\\C:\\data', '/data']) {
    t.false(isNetworkPath(path), path)
  }
})

test('a closed environment refuses reads and writes, and closes again', async (t) => {
  const environment = openLmdb({ path: folderOf(t) })
  const { cutOffs } = createLmdbStores(environment)
  await ping(environment)
  await Promise.all([environment.close(), environment.close()])
  await environment.close()
  const closed = { instanceOf: StoreUnavailableError, message: 'The LMDB environment is closed' }
  await t.throwsAsync(ping(environment), closed)
  await t.throwsAsync(cutOffs.read('a'), closed)
  const next = { at: 1, keepUntil: 1 }
  await t.throwsAsync(
    cutOffs.update('a', () => ({ next, reply: 1 })),
    closed,
  )
})

test('every error of LMDB is one of the port', (t) => {
  const error = (code: number) => Object.assign(new Error('secret'), { code })
  for (const code of [-30_792, 28, 122]) {
    t.true(toStoreError(error(code), true) instanceof StoreFullError)
    t.true(toStoreError(error(code), false) instanceof StoreUnavailableError)
  }
  // EIO, MDB_CORRUPTED, MDB_PANIC, MDB_PAGE_NOTFOUND
  for (const code of [5, -30_796, -30_795, -30_797]) {
    const made = toStoreError(error(code), true)
    t.true(made instanceof StoreUnavailableError)
    t.is(made.message, `LMDB failed (${code})`)
  }
  t.is(toStoreError('odd', true).message, 'LMDB failed')
})

test('docs/stores.md shows parts of this package', (t) => {
  const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
  const [, section = ''] = text('docs/stores.md').split('## A complete example')
  const shown = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const sources = [
    'src/lmdb-driver.ts',
    'src/lmdb-driver.ts',
    'test/kits.test.ts',
    'test/lmdb-pair.ts',
  ]
  t.is(shown.length, sources.length)
  for (const [i, source] of sources.entries()) {
    const code = text(`packages/adapter-lmdb/${source}`)
    t.true(code.includes(shown[i] ?? '?'), `block ${i} is in ${source}`)
  }
})
