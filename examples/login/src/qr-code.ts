import { encode } from 'uqr'

const RESET = '\u001b[0m'
/** These two of 256 colours do not follow the theme of the terminal, unlike the first 16. */
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m'
/** Scanners find the code by its light border, in modules. */
const QUIET_ZONE = 2

/** The character for two modules of a column, from the upper one and the lower one. */
const cell = (upper: boolean, lower: boolean): string =>
  upper ? (lower ? '█' : '▀') : lower ? '▄' : ' '

/** Draws a text as QR code, black on white, two modules of a column in each cell. */
export const qrCode = (text: string): { readonly lines: string[]; readonly columns: number } => {
  const { data, size } = encode(text, { border: QUIET_ZONE })
  const lines: string[] = []
  for (let y = 0; y < size; y += 2) {
    const row = data[y]?.map((upper, x) => cell(upper, data[y + 1]?.[x] ?? false)) ?? []
    lines.push(`${BLACK_ON_WHITE}${row.join('')}${RESET}`)
  }
  return { lines, columns: size }
}
