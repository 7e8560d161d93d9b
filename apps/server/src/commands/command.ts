import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import type { Variables } from '../environment.ts'

/** The exit status of a command. */
export const EXIT = {
  done: 0,
  /** A store or another server failed, or `check` found an error. */
  failed: 1,
  /** The command line or the settings are wrong. */
  usage: 2,
  /** There is no such key. */
  noSuchKey: 3,
} as const

/** One of the statuses in `EXIT`. */
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/** What a command gets from the process. */
export interface CommandIo {
  readonly env: Variables
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  /** Writes to standard output. */
  readonly out: (text: string) => void
  /** Writes to standard error. */
  readonly err: (text: string) => void
  /** The terminal of standard error. Absent: there is none. */
  readonly terminal?: Pick<WriteStream, 'isTTY' | 'columns' | 'rows'> | undefined
}

/** One row of the table of commands. */
export interface Command {
  /** The words that call it, for example `keys list`. */
  readonly name: string
  /** Its flags, as the help shows them. */
  readonly flags: string
  readonly meaning: string
  /**
   * @throws {UsageError} if the arguments are wrong
   * @throws {ConfigError} if the settings are wrong
   * @throws {StoreError} if a store fails
   */
  run(args: readonly string[], io: CommandIo): Promise<ExitStatus>
}

/** Thrown when the arguments of a command are wrong. The message repeats no value. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
