import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import type { KeyRecord } from './key-records.ts'

/** Reads every API key from the folder of a server, beside the server. */
export const keyRecordsIn = async (path: string): Promise<readonly KeyRecord[]> => {
  const environment = openLmdb({ path })
  const { apiKeys } = createLmdbStores(environment)
  const records: KeyRecord[] = []
  try {
    for await (const { id, state } of apiKeys.scan()) {
      if (state.status === 'erased') continue
      const { owner, status } = state
      const secret = 'secretHash' in state ? { secretHash: state.secretHash } : {}
      records.push({ id, owner, status, ...secret })
    }
    return records
  } finally {
    await environment.close()
  }
}
