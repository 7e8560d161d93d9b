import { StoreError } from '@device-grant/core'
import { ConfigError } from '../config.ts'
import { describeError } from '../describe-error.ts'
import { type CommandIo, EXIT, type ExitStatus, UsageError } from './command.ts'
import { COMMANDS, commandsHelp } from './commands.ts'

/**
 * Runs the command that the arguments name. Errors become one text on standard error.
 * @returns its exit status, or `undefined` if the first argument begins no command
 */
export const runCommand = async (
  args: readonly string[],
  io: CommandIo,
): Promise<ExitStatus | undefined> => {
  const candidates = COMMANDS.filter(({ name }) => name.split(' ')[0] === args[0])
  if (candidates.length === 0) return undefined
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    io.out(commandsHelp().trimStart())
    return EXIT.done
  }
  const command = candidates.find(({ name }) =>
    name.split(' ').every((word, i) => word === args[i]),
  )
  try {
    if (command) return await command.run(args.slice(command.name.split(' ').length), io)
    const names = candidates.map(({ name }) => name).join(', ')
    throw new UsageError(`There is no such command: use one of ${names}`)
  } catch (error) {
    return failed(error, io)
  }
}

const failed = (error: unknown, { err }: CommandIo): ExitStatus => {
  if (error instanceof UsageError) {
    err(`${error.message}. See --help.\n`)
    return EXIT.usage
  }
  if (error instanceof ConfigError) {
    err(`${error.report}\n`)
    return EXIT.usage
  }
  const { message, cause } = describeError(error)
  err(
    error instanceof StoreError
      ? `The store of the keys failed: ${cause ?? message}. What was done may be incomplete, and the command may be run again.\n`
      : `The command failed: ${[message, cause].filter(Boolean).join(': ')}\n`,
  )
  return EXIT.failed
}
