import { readConfig, type Settings } from '../config.ts'
import { loadStoreUrlChecks } from '../store-url-checks.ts'
import type { CommandIo } from './command.ts'

/**
 * Reads the settings of the server. Files of clients, scopes, tokens and texts stay closed, because a
 * command works without them.
 * @throws {ConfigError} if they are wrong
 */
export const readVariables = async ({ env }: Pick<CommandIo, 'env'>): Promise<Settings> =>
  readConfig(env, await loadStoreUrlChecks(env))
