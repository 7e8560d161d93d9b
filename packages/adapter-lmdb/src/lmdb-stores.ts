import {
  type Clock,
  type CodeAttempts,
  type CutOff,
  type DeviceGrant,
  isCodeAttempts,
  isDeviceGrant,
  isUsedAssertion,
  isUserCodeClaim,
  type Retained,
  type UsedAssertion,
  type UserCodeClaim,
} from '@device-grant/core'
import { keyPlacesOf } from './key-index.ts'
import { LmdbApiKeyStore } from './lmdb-api-key-store.ts'
import { LmdbDriver, type LmdbDriverOptions } from './lmdb-driver.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { LmdbStateStore } from './lmdb-state-store.ts'
import { Sweep } from './sweep.ts'

/** The clock of the stores. */
export interface LmdbStoresOptions {
  /**
   * Decides when a state may be forgotten.
   * @default the clock of the system
   */
  readonly clock?: Clock | undefined
}

/** All stores of the use cases, and of the authentication of clients. */
export interface LmdbStores {
  readonly grants: LmdbStateStore<DeviceGrant>
  readonly userCodes: LmdbStateStore<UserCodeClaim>
  readonly codeAttempts: LmdbStateStore<CodeAttempts>
  readonly usedAssertions: LmdbStateStore<UsedAssertion>
  readonly apiKeys: LmdbApiKeyStore
  readonly cutOffs: LmdbStateStore<CutOff>
  /** Stops forgetting, and waits for what is in progress. The caller then closes the environment. */
  close(): Promise<void>
}

/** Makes all stores in one environment. The writes of parallel calls share one flush of the disk. */
export const createLmdbStores = (
  environment: LmdbEnvironment,
  { clock = { now: Date.now } }: LmdbStoresOptions = {},
): LmdbStores => {
  const sweep = new Sweep(clock)
  const wrote = (): void => sweep.wrote()
  const driver = <S extends Retained>(options: LmdbDriverOptions<S>): LmdbDriver<S> => {
    const made = new LmdbDriver<S>(environment, { ...options, wrote })
    sweep.add(made)
    return made
  }
  const store = <S extends Retained>(options: LmdbDriverOptions<S>): LmdbStateStore<S> =>
    new LmdbStateStore(driver(options))
  return {
    grants: store({ name: 'grants', isState: isDeviceGrant }),
    // User codes stay out of logs.
    userCodes: store({ name: 'user_codes', isState: isUserCodeClaim, describeId: () => '…' }),
    codeAttempts: store({ name: 'code_attempts', isState: isCodeAttempts }),
    usedAssertions: store({ name: 'used_assertions', isState: isUsedAssertion }),
    apiKeys: new LmdbApiKeyStore(
      environment,
      driver({ name: 'api_keys', indexKeysOf: keyPlacesOf }),
    ),
    cutOffs: store({ name: 'cut_offs' }),
    close: () => sweep.close(),
  }
}
