import { UsageError } from './command.ts'

/**
 * Reads the path that comes first in the arguments of a command.
 * @param what what the path names, for the message
 * @throws {UsageError} if the first argument is no path
 */
export const readPath = (
  [path = '', ...rest]: readonly string[],
  what: 'file' | 'folder',
): { readonly path: string; readonly rest: readonly string[] } => {
  if (path !== '' && !path.startsWith('-')) return { path, rest }
  throw new UsageError(`The first argument after the name of the command must be a ${what}`)
}
