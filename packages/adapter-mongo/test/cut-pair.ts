import type { StorePair } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { startSilentServer } from '@device-grant/test-support/silent-server'
import type { Db } from 'mongodb'
import { connect } from '#src/index.js'
import { PATIENT_MS } from './patient.ts'

/** How long one command may take where the server is cut off, in milliseconds. */
const IMPATIENT_MS = 1_000

/** A pair for the kits whose `store` reaches the server of `peer` through a proxy that cuts it off. */
export const cutPair = async <Store>(
  server: { readonly port: number; readonly database: string },
  peer: Store,
  storeOn: (db: Db, timeoutMs: number) => Store,
): Promise<StorePair<Store>> => {
  const [proxy, silent] = await Promise.all([startCuttingProxy(server.port), startSilentServer()])
  const { client } = connect(`mongodb://127.0.0.1:${proxy.port}/?directConnection=true`, {
    serverSelectionTimeoutMS: IMPATIENT_MS,
    connectTimeoutMS: IMPATIENT_MS,
  })
  let isOpen = true
  const closeProxy = async (): Promise<void> => {
    if (isOpen) await proxy.close()
    isOpen = false
  }
  return {
    store: storeOn(client.db(server.database), IMPATIENT_MS),
    peer,
    cutTimeoutMs: PATIENT_MS,
    cut: async (outage) => {
      if (outage === 'down') return closeProxy()
      proxy.silence()
      proxy.redirect(silent.port)
    },
    close: async () => {
      await closeProxy()
      silent.close()
      await client.close()
    },
  }
}
