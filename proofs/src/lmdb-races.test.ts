import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { keyRecordsIn } from './lmdb-key-records.ts'
import { proveRaces, SERVERS } from './race-proofs.ts'
import { startServerProcess } from './server-process.ts'

proveRaces(test, async () => {
  const path = await mkdtemp(join(tmpdir(), 'lmdb-races-'))
  const processes = await Promise.all(
    Array.from({ length: SERVERS }, () =>
      startServerProcess({}, { STORES: '', DATA_DIR: path, SESSION_SECRET: '' }),
    ),
  )
  return {
    processes,
    records: () => keyRecordsIn(path),
    stop: async () => {
      await Promise.all(processes.map((server) => server.stop()))
      await rm(path, { recursive: true })
    },
  }
})
