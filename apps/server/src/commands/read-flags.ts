import { parseArgs } from 'node:util'
import { UsageError } from './command.ts'

/** The flags of a command. A `text` has a value, and a `switch` has none. */
export type FlagKinds = Readonly<Record<string, 'text' | 'switch'>>

/** The flags that were given. */
export type Flags<K extends FlagKinds> = {
  readonly [N in keyof K]?: K[N] extends 'text' ? string : true
}

/**
 * Reads the flags of a command.
 * @throws {UsageError} if a flag is unknown, repeated or without its value, or an argument is no flag; the
 * message repeats no value, because a value may be a key
 */
export const readFlags = <const K extends FlagKinds>(
  args: readonly string[],
  kinds: K,
): Flags<K> => {
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      { type: kind === 'text' ? ('string' as const) : ('boolean' as const), multiple: true },
    ]),
  )
  const { values, positionals } = parse(args, options)
  if (positionals.length > 0) {
    throw new UsageError(
      'An argument is no flag. A key is never an argument: --key reads it from standard input',
    )
  }
  const flags = Object.entries(values).map(([name, given = []]) => {
    const [value, ...others] = [given].flat()
    if (others.length > 0) throw new UsageError(`--${name} is there more than once`)
    if (value === '') throw new UsageError(`--${name} needs a value`)
    return [name, value]
  })
  return Object.fromEntries(flags)
}

const parse = (
  args: readonly string[],
  options: Readonly<Record<string, { type: 'string' | 'boolean'; multiple: boolean }>>,
) => {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(describe(error as NodeJS.ErrnoException))
  }
}

/** The error of `parseArgs` in one line. Only the name of a flag is repeated. */
const describe = ({ code, message }: NodeJS.ErrnoException): string => {
  const flag = /'(--?[a-z][a-z-]{0,30})\b/.exec(message)?.[1]
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `Unknown flag${flag ? ` ${flag}` : ''}`
  if (flag === undefined) return 'The flags cannot be read'
  return /does not take/.test(message) ? `${flag} takes no value` : `${flag} needs a value`
}
