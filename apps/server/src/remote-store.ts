import type { ContainerModule } from 'inversify'
import type { ProbedStore } from './health.ts'

/** A store that runs on a server of its own, with a connection that must be closed. */
export interface RemoteStore extends ProbedStore {
  /** Binds the ports that the store serves. */
  readonly bindings: ContainerModule
  close(): Promise<void>
}

/** Closes every store. A store that fails to close does not keep the others open. */
export const closeAll = async (stores: readonly RemoteStore[]): Promise<void> => {
  await Promise.allSettled(stores.map((store) => store.close()))
}

/** How long the read or the write of a probe may take, in milliseconds. */
export const PROBE_TIMEOUT_MS = 1_500

/** The pause before a store that did not answer is asked again, in milliseconds. */
export const RETRY_MS = 2_000
