import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createLmdbStores,
  type LmdbEnvironment,
  LmdbOpenError,
  openLmdb,
} from '@device-grant/adapter-lmdb'
import { StoreUnavailableError } from '@device-grant/core'
import { eventually } from '@device-grant/test-support/eventually'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import { type SpawnedProgram, spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { PATIENT_MS } from './patient.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { runTwoProcessKits } from './two-process-kits.ts'

runTwoProcessKits()

const folderOf = (t: ExecutionContext): string => {
  const { path, remove } = temporaryFolder()
  t.teardown(remove)
  return path
}

const open = (t: ExecutionContext, path: string, timeoutMs: number): LmdbEnvironment => {
  const environment = openLmdb({ path, timeoutMs })
  t.teardown(() => environment.close())
  return environment
}

const start = (t: ExecutionContext, ...args: readonly string[]): SpawnedProgram =>
  spawnProgram(t, process.execPath, [
    fileURLToPath(new URL('./busy-process.js', import.meta.url)),
    ...args,
  ])

const cutOff = { at: 1, keepUntil: Date.now() + 600_000 }

for (const durability of ['flushed', 'committed'] as const) {
  test(`every acknowledged write survives kill -9, and others go on: ${durability}`, async (t) => {
    const path = folderOf(t)
    const environment = openLmdb({ path, timeoutMs: PATIENT_MS, durability })
    t.teardown(() => environment.close())
    const stores = createLmdbStores(environment)
    for (let round = 0; round < 3; round++) {
      const writer = start(t, 'write', path, durability, `${round} `)
      await writer.prints(/wrote 40/)
      writer.child.kill('SIGKILL')
      await writer.ended
      const ids = readFileSync(join(path, `${round} ids`), 'utf8')
        .split('\n')
        .slice(0, -1)
      t.true(ids.length >= 40)
      for (const id of ids) t.deepEqual(await stores.cutOffs.read(id), writtenBy(id), id)
      // The process may have had the lock for writers.
      await stores.cutOffs.update(`after ${round}`, () => ({ next: cutOff, reply: undefined }))
    }
    await stores.close()
  })
}

/** What a busy process writes under an id. */
const writtenBy = (id: string) => ({ at: id.length, keepUntil: 4_102_444_800_000 })

test('while another process hangs in a write, writes fail in time and reads work', async (t) => {
  const path = folderOf(t)
  const patient = createLmdbStores(open(t, path, PATIENT_MS)).cutOffs
  const hastyEnvironment = open(t, path, 300)
  const hasty = createLmdbStores(hastyEnvironment).cutOffs
  const transition = () => ({ next: cutOff, reply: 'written' })
  t.is(await patient.update('before', transition), 'written')
  const holder = start(t, 'hold', path)
  await holder.prints(/holds/)
  const late = { instanceOf: StoreUnavailableError, message: 'LMDB did not write within 300 ms' }
  await t.throwsAsync(hasty.update('a', transition), late)
  await t.throwsAsync(hasty.update('b', transition), late)
  t.deepEqual(await hasty.read('before'), cutOff)
  const closing = performance.now()
  await hastyEnvironment.close()
  t.true(performance.now() - closing < 10_000, 'closing waits no longer than a write')
  const waiting = patient.update('c', transition)
  holder.child.kill('SIGKILL')
  t.is(await waiting, 'written')
  t.deepEqual(await patient.read('c'), cutOff)
  await eventually('the write that was too late happens', async () => {
    return (await patient.read('a')) !== undefined
  })
  t.deepEqual(await patient.read('a'), cutOff)
  t.is(await patient.read('b'), undefined, 'a later write fails before it starts')
})

const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
const run = (...command: readonly string[]): boolean => {
  const [program = '', ...args] = [...asRoot, ...command]
  return spawnSync(program, args).status === 0
}

/** A new file system of this size, or `undefined` if none can be mounted. */
const newDisk = (t: ExecutionContext, size: string): string | undefined => {
  const disk = folderOf(t)
  if (run('mount', '-t', 'tmpfs', '-o', `size=${size},uid=${process.getuid?.()}`, 'tmpfs', disk)) {
    t.teardown(() => run('umount', '-l', disk))
    return disk
  }
  reportSkipped('no tmpfs can be mounted, so nothing is tested on a full disk')
  t.pass()
  return undefined
}

test('a disk without room for a new folder is refused', (t) => {
  for (const size of ['8k', '40k', '80k']) {
    const disk = newDisk(t, size)
    if (disk === undefined) return
    t.throws(() => openLmdb({ path: disk }), {
      instanceOf: LmdbOpenError,
      message: /cannot be written: ENOSPC: no space left on device/,
    })
  }
})

test('a full disk refuses new ids, loses nothing, and goes on once it has room', async (t) => {
  const disk = newDisk(t, '2m')
  if (disk === undefined) return
  const filler = join(disk, 'filler')
  writeFileSync(filler, Buffer.alloc(500_000))
  const environment = openLmdb({ path: join(disk, 'data'), timeoutMs: PATIENT_MS })
  const { cutOffs } = createLmdbStores(environment)
  const next = { ...cutOff, more: 'x'.repeat(1_000) }
  const write = (id: string) => cutOffs.update(id, () => ({ next, reply: undefined }))
  let count = 0
  await t.throwsAsync(
    async () => {
      for (; count < 5_000; count++) await write(`id ${count}`)
    },
    // LMDB takes a page that was written in part for an error of the disk.
    {
      message: /^(The disk of the LMDB folder is full|LMDB failed \(5\))$/,
    },
  )
  t.true(count > 100)
  const read = async () => {
    for (let i = 0; i < count; i++) t.truthy(await cutOffs.read(`id ${i}`), `id ${i}`)
  }
  await read()
  rmSync(filler)
  await write('more')
  await write('id 5')
  await environment.close()
  const again = openLmdb({ path: join(disk, 'data') })
  const reopened = createLmdbStores(again)
  t.deepEqual<unknown, unknown>(await reopened.cutOffs.read('more'), next)
  for (let i = 0; i < count; i++) t.truthy(await reopened.cutOffs.read(`id ${i}`), `id ${i}`)
  await again.close()
})
