import { readConfig, type Settings } from '../config.ts'
import { checkMongoUri } from '../mongo.ts'
import { checkRedisUrl } from '../redis.ts'
import type { CommandIo } from './command.ts'

/**
 * Reads the settings of the server.
 * @throws {ConfigError} if they are wrong
 */
export const readSettings = ({ env }: Pick<CommandIo, 'env'>): Settings =>
  readConfig(env, { checkRedisUrl, checkMongoUri })
