import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The name of LMDB's lock file. */
export const LOCK_FILE = 'lock.mdb'
/** How many reads all processes may have open at a time. */
export const MAX_READERS = 512
/** Room for so many readers, and for what LMDB keeps before them. */
const LOCK_BYTES = 64 * MAX_READERS + 4_096

/**
 * Makes the lock file with all its space. LMDB would make one without space and write to it through
 * the memory, where a full disk ends the process.
 */
export const makeLockFile = (folder: string): void => {
  const lock = join(folder, LOCK_FILE)
  if (existsSync(lock)) return
  const whole = join(folder, `lock-${randomUUID()}`)
  try {
    writeFileSync(whole, Buffer.alloc(LOCK_BYTES), { mode: 0o600, flag: 'wx' })
    // Another process may make it at the same time, and must never see a part of it.
    linkSync(whole, lock)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(whole, { force: true })
  }
}
