/** One line of a chart. */
export interface Line {
  readonly name: string
  /** CSS colors for light and dark backgrounds. */
  readonly light: string
  readonly dark: string
  /** One value for each step of the horizontal axis. */
  readonly values: readonly number[]
}

export interface Chart {
  readonly title: string
  readonly lines: readonly Line[]
  /** The first and the last label of the horizontal axis, and the distance of its marks. */
  readonly from: number
  readonly to: number
  readonly every: number
  readonly xName: string
}

const [WIDTH, HEIGHT] = [720, 300]
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 12, 56, 40]
const MARKS = 4

/** Draws lines as SVG that fits light and dark pages. */
export const lineChart = ({ title, lines, from, to, every, xName }: Chart): string => {
  const highest = niceAbove(Math.max(...lines.flatMap(({ values }) => values), 1))
  const x = (label: number): number =>
    LEFT + ((label - from) / (to - from)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - (value / highest) * (HEIGHT - TOP - BOTTOM)
  const xs = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every)
  const ys = Array.from({ length: MARKS + 1 }, (_, i) => (i * highest) / MARKS)
  const grid = ys.map(
    (value) =>
      `<path class="grid" d="M${LEFT} ${fixed(y(value))}H${WIDTH - RIGHT}"/>` +
      `<text x="${LEFT - 8}" y="${fixed(y(value) + 4)}" text-anchor="end">${value.toLocaleString('en')}</text>`,
  )
  const marks = xs.map(
    (label) =>
      `<text x="${fixed(x(label))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`,
  )
  const paths = lines.map(({ values }, i) => {
    const step = (WIDTH - LEFT - RIGHT) / Math.max(values.length - 1, 1)
    const points = values.map((value, at) => `${fixed(LEFT + at * step)} ${fixed(y(value))}`)
    return `<path class="line l${i}" d="M${points.join('L')}"/>`
  })
  const legend = lines.map(
    ({ name }, i) =>
      `<path class="line l${i}" d="M${LEFT + i * 180} 38h20"/>` +
      `<text x="${LEFT + i * 180 + 26}" y="42">${name}</text>`,
  )
  const colors = (scheme: 'light' | 'dark') =>
    lines.map((line, i) => `.l${i}{stroke:${line[scheme]}}`).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<style>text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}.grid{stroke:#ddd}.line{fill:none;stroke-width:1.6}${colors('light')}
@media (prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#444}${colors('dark')}}</style>
<text class="title" x="${LEFT}" y="20">${title}</text>
${[...grid, ...marks, ...legend, ...paths].join('\n')}
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${xName}</text>
</svg>
`
}

const fixed = (n: number): string => n.toFixed(1).replace(/\.0$/, '')

/** The next of 1, 2, 4, 8 times a power of ten, so that four marks are whole numbers. */
const niceAbove = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 4, 8, 10].find((factor) => factor * power >= value) ?? 10)
}
