import { type CommandIo, EXIT } from './command.ts'

/** Gives a command the streams and the environment of this process. */
export const processIo = (): CommandIo => {
  // A reader such as `head` may close the pipe early.
  process.stdout.on('error', () => process.exit(EXIT.failed))
  return {
    env: process.env,
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY ? process.stderr : undefined,
  }
}
