import { createOperatorUseCases, type OperatorUseCases } from '@device-grant/core'
import { createAudit } from '../audit/audit.ts'
import { logTo } from '../log.ts'
import { pauseInRealTime } from '../repeat.ts'
import type { CommandIo } from './command.ts'
import { readVariables } from './read-variables.ts'
import { withKeyStores } from './with-key-stores.ts'

/**
 * Connects to the store of the keys, as the settings of the server say, and closes it after the work.
 * Events go to standard error as lines of the log, and to the webhook of the settings.
 * @throws {ConfigError} if the settings are wrong
 * @throws {UsageError} if the settings name no store
 */
export const withOperator = async <R>(
  io: Pick<CommandIo, 'env' | 'err'>,
  work: (operator: OperatorUseCases) => Promise<R>,
): Promise<R> => {
  const { policy, webhook, logLevel } = await readVariables(io)
  return withKeyStores(io, async (stores) => {
    const clock = { now: Date.now }
    const log = logTo({ write: io.err }, logLevel)
    const audit = createAudit(() => webhook, { log, clock, pause: pauseInRealTime })
    try {
      return await work(createOperatorUseCases({ ...stores, clock, policy, events: audit }))
    } finally {
      await audit.stop()
    }
  })
}
