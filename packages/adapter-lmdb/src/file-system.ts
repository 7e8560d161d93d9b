import { statfsSync } from 'node:fs'
import { LmdbOpenError } from './lmdb-open-error.ts'

/** File systems without the locks and the shared memory that LMDB needs, by their Linux types. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
])

/** The name of a file system type that is refused, or `undefined`. The type may be negative. */
export const refusedFileSystem = (type: number): string | undefined => REFUSED.get(type >>> 0)

/** Whether a resolved path is on a network drive of Windows. */
export const isNetworkPath = (path: string): boolean => /^\\\\(?:\?\\UNC\\|(?![?.]\\))/i.test(path)

/**
 * Refuses a folder whose file system processes of several machines may share.
 * @throws {LmdbOpenError} if it is NFS, SMB, 9p, FUSE or a UNC path
 */
export const refuseNetwork = (path: string): void => {
  const system = isNetworkPath(path) ? 'SMB' : refusedFileSystem(statfsSync(path).type)
  if (system === undefined) return
  throw new LmdbOpenError(
    `${path} is on ${system}, where processes cannot share memory. Use a folder of a local disk`,
  )
}
