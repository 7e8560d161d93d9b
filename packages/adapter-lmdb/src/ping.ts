import type { LmdbEnvironment } from './lmdb-environment.ts'

/**
 * Reads from the environment.
 * @throws {StoreUnavailableError} if it cannot be read, or is closed
 */
export const ping = async (environment: LmdbEnvironment): Promise<void> => {
  environment.read(() => environment.root.getStats())
}
