import { chmod, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LmdbEnvironment } from './lmdb-environment.ts'

/**
 * Copies an environment, as it is at one moment, into a new folder that only its owner may read. Other
 * processes may write meanwhile.
 * @throws an error of `node:fs`, such as `EEXIST`, if the folder exists or cannot be written
 */
export const backUp = async (environment: LmdbEnvironment, folder: string): Promise<void> => {
  await mkdir(folder, { mode: 0o700 })
  try {
    // Without the pages that hold nothing.
    await environment.root.backup(folder, true)
    const path = join(folder, 'data.mdb')
    await chmod(path, 0o600)
    const file = await open(path, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
