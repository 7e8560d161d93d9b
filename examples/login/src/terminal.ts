/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** The person's terminal, for example `process.stderr`. */
export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  /** Its size in cells, if it is a terminal. */
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** Tells if a terminal moves the cursor and clears lines. */
export const hasCursor = ({ isTTY }: Terminal, env: Variables): boolean =>
  isTTY === true && env['TERM'] !== 'dumb'

/** Tells if a terminal may show colours and bold text. See https://no-color.org. */
export const hasStyle = (terminal: Terminal, env: Variables): boolean =>
  hasCursor(terminal, env) && !env['NO_COLOR']

/** Removes control and formatting characters, because a server could move the cursor with them. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '')
