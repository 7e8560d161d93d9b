import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorePair } from '@device-grant/core/testing'

/** Makes a pair for the kits on one file, which is removed at the end. */
export const filePair = async <Store>(make: (path: string) => Store): Promise<StorePair<Store>> => {
  const folder = await mkdtemp(join(tmpdir(), 'file-store-'))
  const path = join(folder, 'states')
  return {
    store: make(path),
    peer: make(path),
    // A folder in place of the file fails every read and every write.
    cut: async () => {
      await rm(path, { force: true })
      await mkdir(path)
    },
    forgetsAt: async () => undefined,
    close: () => rm(folder, { recursive: true }),
  }
}
