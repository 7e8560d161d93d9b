const CELL = { width: 8.4, height: 16.8 }
const MARGIN = 16
const INK = { black: '#000000', white: '#ffffff' }
/** The escape sequences of the login, and characters. */
const TOKENS = new RegExp(`${String.fromCodePoint(27)}\\[([\\d;]*)([mK])|[^]`, 'gu')
const STYLES = {
  0: { colours: undefined, isBold: false },
  1: { isBold: true },
  22: { isBold: false },
  '38;5;16;48;5;231': { colours: { ink: INK.black, paper: INK.white } },
}

const asXml = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.codePointAt(0)};`)

/** Reads the lines of cells that a terminal would show. */
const cellsOf = (output) => {
  let style = { colours: undefined, isBold: false }
  const lines = [[]]
  for (const [token, codes, command] of output.matchAll(TOKENS)) {
    if (command === 'm') style = { ...style, ...STYLES[codes || '0'] }
    else if (token === '\n') lines.push([])
    else if (token === '\r') lines[lines.length - 1] = []
    else if (command === undefined) lines.at(-1).push({ text: token, ...style })
  }
  return lines
}

/** The rectangle of some half cells of a line. */
const halfCells = (colour, x, row, half, count) => {
  const [left, top] = [MARGIN + x * CELL.width, MARGIN + (row + half / 2) * CELL.height]
  const size = `width="${(count * CELL.width).toFixed(1)}" height="${CELL.height / 2}"`
  return `<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${size} fill="${colour}"/>`
}

/** Half a line of the QR code, neighbours of one colour as one rectangle. */
const drawHalf = (line, row, half) => {
  const colours = line.map(({ text, colours: pair }) => {
    const isInk = text === '█' || text === (half === 0 ? '▀' : '▄')
    return pair && (isInk ? pair.ink : pair.paper)
  })
  const drawn = []
  let start = 0
  for (const [x, colour] of colours.entries()) {
    if (colours[x + 1] === colour) continue
    if (colour) drawn.push(halfCells(colour, start, row, half, x + 1 - start))
    start = x + 1
  }
  return drawn
}

/** Words with single spaces between them, because SVG makes one space of several. */
const PHRASES = /\S+(?: \S+)*/g

/** The text of a line, apart from the QR code. Text in bold is drawn in pieces of its own. */
const drawText = (line, row) =>
  [false, true].flatMap((isBold) => {
    const shown = line.map((cell) => (cell.colours || cell.isBold !== isBold ? ' ' : cell.text))
    return [...shown.join('').matchAll(PHRASES)].map(({ 0: phrase, index }) => {
      const left = (MARGIN + index * CELL.width).toFixed(1)
      const top = (MARGIN + (row + 0.75) * CELL.height).toFixed(1)
      const length = (phrase.length * CELL.width).toFixed(1)
      const weight = isBold ? ' font-weight="bold"' : ''
      return `<text x="${left}" y="${top}" textLength="${length}"${weight}>${asXml(phrase)}</text>`
    })
  })

/** Draws what a program has written to a terminal as SVG, in these colours. */
export const terminalSvg = (output, { columns, ink, paper, frame, title }) => {
  const lines = cellsOf(output)
  const [width, height] = [columns * CELL.width, lines.length * CELL.height].map(
    (size) => Math.ceil(size) + 2 * MARGIN,
  )
  const code = lines.flatMap((line, row) => [0, 1].flatMap((half) => drawHalf(line, row, half)))
  const font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${asXml(title)}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${paper}" stroke="${frame}"/>
<g shape-rendering="crispEdges">
${code.join('\n')}
</g>
<g ${font} fill="${ink}">
${lines.flatMap(drawText).join('\n')}
</g>
</svg>
`
}
