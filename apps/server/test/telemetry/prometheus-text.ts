/** The value of every series, by its name with its labels as they stand in the text. */
export type SeriesValues = ReadonlyMap<string, number>

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const SAMPLE = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${LABEL}(?:,${LABEL})*\\})? ([-+0-9.e]+|Na[Nn]|[+-]Inf)$`,
)

/**
 * Reads the text format of Prometheus.
 * @throws {Error} if a line is malformed, a series is there twice, or its metric has no type
 */
export const parseMetrics = (text: string): SeriesValues => {
  if (!text.endsWith('\n')) throw new Error('The last line does not end')
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, what, metric = '', rest = ''] = COMMENT.exec(line) ?? []
    if (what === 'TYPE') {
      if (types.has(metric)) throw new Error(`Two types: ${line}`)
      types.set(metric, rest)
    }
    if (what !== undefined) continue
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
    if (name === undefined) throw new Error(`Malformed: ${line}`)
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
    if (!types.has(family)) throw new Error(`No type: ${line}`)
    if (values.has(name + labels)) throw new Error(`Twice: ${line}`)
    values.set(name + labels, Number(value?.replace('Inf', 'Infinity')))
  }
  return values
}
