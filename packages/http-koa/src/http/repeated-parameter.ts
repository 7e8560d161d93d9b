/** The strings and signs of a JSON text. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/**
 * The first name that a form or a JSON object has twice, or `undefined`. Parsers keep one of the values
 * or make a list of them.
 * @param body a form, or JSON
 */
export const repeatedParameter = (body: string, isForm: boolean): string | undefined => {
  const seen = new Set<string>()
  for (const name of isForm ? new URLSearchParams(body).keys() : memberNames(body)) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

/** The names of the outermost object of a JSON text, in the order of the text. */
function* memberNames(json: string): Generator<string> {
  let depth = 0
  let last = ''
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token === ':' && depth === 1) yield String(JSON.parse(last))
    last = token
  }
}
