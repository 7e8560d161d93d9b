import { appendFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import { PATIENT_MS } from './patient.ts'

const [task, path = '', durability = 'flushed', prefix = ''] = process.argv.slice(2)
const environment = openLmdb({
  path,
  timeoutMs: PATIENT_MS,
  durability: durability === 'committed' ? durability : 'flushed',
})

let written = 0
const list = join(path, `${prefix}ids`)

/** Writes without an end, and lists each id once its write is acknowledged. */
const write = async (writer: number): Promise<never> => {
  const { cutOffs } = createLmdbStores(environment)
  for (let i = 0; ; i++) {
    const id = `${prefix}${writer} ${i}`
    const next = { at: id.length, keepUntil: 4_102_444_800_000 }
    await cutOffs.update(id, () => ({ next, reply: undefined }))
    appendFileSync(list, `${id}\n`)
    written += 1
    if (written === 40) writeSync(1, 'wrote 40\n')
  }
}

if (task === 'hold') {
  environment.root.transactionSync(() => {
    writeSync(1, 'holds\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
} else {
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
}
