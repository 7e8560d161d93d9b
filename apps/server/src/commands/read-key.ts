import { type CommandIo, UsageError } from './command.ts'

/** Longer than any key with spaces around it, in characters. */
const MAX_LENGTH = 4_096

/**
 * Reads a whole API key from standard input.
 * @throws {UsageError} if there is none; the message does not repeat the input
 */
export const readKey = async ({
  stdin,
  err,
}: Pick<CommandIo, 'stdin' | 'err'>): Promise<string> => {
  if (stdin.isTTY) err('Paste the key, press Enter, then Ctrl-D:\n')
  let text = ''
  for await (const chunk of stdin) {
    text += String(chunk)
    if (text.length > MAX_LENGTH) throw new UsageError('Standard input is too long for a key')
  }
  const key = text.trim()
  if (key === '') throw new UsageError('--key reads the key from standard input, which is empty')
  if (/\s/.test(key)) throw new UsageError('Standard input has more than one key')
  return key
}
