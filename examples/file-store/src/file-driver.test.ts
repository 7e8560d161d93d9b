import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompareAndSwapStore, StoreUnavailableError } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import test from 'ava'
import { compact } from './compact.ts'
import { FileDriver } from './file-driver.ts'

const aFolder = () => mkdtemp(join(tmpdir(), 'file-store-'))
const aStore = (path: string) => new CompareAndSwapStore(new FileDriver<Sample>(path))

test('a line that a crash cut off affects no other state', async (t) => {
  const folder = await aFolder()
  const path = join(folder, 'states')
  const keepUntil = Date.now() + 60_000
  await aStore(path).update('a', () => ({ next: { value: 1, keepUntil }, reply: undefined }))
  await writeFile(path, `${await readFile(path, 'utf8')}\n{"mark":"cut o`)
  await aStore(path).update('b', () => ({ next: { value: 2, keepUntil }, reply: undefined }))
  const values = ['a', 'b'].map((id) =>
    aStore(path).update(id, (s) => ({ next: s, reply: s?.value })),
  )
  t.deepEqual(await Promise.all(values), [1, 2])
  await rm(folder, { recursive: true })
})

test('compacting removes the states that may be forgotten, and no others', async (t) => {
  const folder = await aFolder()
  const path = join(folder, 'states')
  const store = aStore(path)
  await store.update('old', () => ({ next: { value: 1, keepUntil: 1_000 }, reply: undefined }))
  await store.update('new', () => ({ next: { value: 2, keepUntil: 3_000 }, reply: undefined }))
  await compact(path, 2_000)
  const read = (id: string) => aStore(path).update(id, (s) => ({ next: s, reply: s?.value }))
  t.is(await read('old'), undefined)
  t.is(await read('new'), 2)
  await rm(folder, { recursive: true })
})

test('a driver goes on with the compacted file', async (t) => {
  const folder = await aFolder()
  const path = join(folder, 'states')
  const store = aStore(path)
  const add = (keepUntil: number) =>
    store.update('a', (s) => {
      const value = (s?.value ?? 0) + 1
      return { next: { value, keepUntil }, reply: value }
    })
  for (let i = 0; i < 3; i++) await add(3_000)
  await compact(path, 2_000)
  t.is(await add(3_000), 4)
  // The new file is not shorter, so the driver must notice that it is another file.
  await writeFile(`${path}.other`, ' '.repeat((await readFile(path)).length))
  await rename(`${path}.other`, path)
  t.is(await add(3_000), 1)
  await rm(folder, { recursive: true })
})

test('every error of the disk is the one that the use cases know', async (t) => {
  const folder = await aFolder()
  const read = () => aStore(folder).update('a', (s) => ({ next: s, reply: s?.value }))
  await t.throwsAsync(read, { instanceOf: StoreUnavailableError })
  await rm(folder, { recursive: true })
})
