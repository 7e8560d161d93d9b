import { type Clock, TOKENS, type Token } from '@device-grant/core'
import type { ContainerModule } from 'inversify'
import type { Logger } from 'pino'
import type { ProbedStore } from './health.ts'
import type { Pause } from './repeat.ts'
import type { StoreWatch } from './store-watch.ts'

/** A store that keeps its data outside of this process, and must be closed. */
export interface RemoteStore extends ProbedStore {
  /** Bind the ports that the store serves. */
  readonly bindings: readonly ContainerModule[]
  /** The ports that the store serves. */
  readonly ports: readonly Token<object>[]
  /** Logs the errors of the store. */
  readonly watch: StoreWatch
  close(): Promise<void>
}

/** What is kept for minutes. */
export const STATE_PORTS: readonly Token<object>[] = [
  TOKENS.DeviceGrants,
  TOKENS.UserCodeClaims,
  TOKENS.CodeAttempts,
  TOKENS.UsedAssertions,
]

/** The API keys, and what is kept beside them. */
export const KEY_PORTS: readonly Token<object>[] = [TOKENS.ApiKeys, TOKENS.CutOffs]

export interface RemoteStoreOptions {
  readonly log: Logger
  readonly clock: Clock
  /** @default a pause in real time */
  readonly pause?: Pause | undefined
}

/** Closes every store. A store that fails to close does not keep the others open. */
export const closeAll = async (stores: readonly RemoteStore[]): Promise<void> => {
  await Promise.allSettled(stores.map((store) => store.close()))
}

/** How long the read or the write of a probe may take, in milliseconds. */
export const PROBE_TIMEOUT_MS = 1_500

/** The pause before a store that did not answer is asked again, in milliseconds. */
export const RETRY_MS = 2_000
