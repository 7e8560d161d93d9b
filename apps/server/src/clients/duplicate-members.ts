import { memberPath } from './json-place.ts'

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

interface Open {
  /** The path of the object or list. */
  readonly path: string
  /** The names so far, of an object. */
  readonly names: Set<string> | undefined
  /** The path of the value that comes next. */
  next: string
  /** The position of that value in a list. */
  index: number
}

/**
 * The paths of all members whose object had one of the same name before. `JSON.parse` keeps the last one
 * silently. `text` must be JSON.
 */
export const duplicateMembers = (text: string): readonly string[] => {
  const duplicates: string[] = []
  const open: Open[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    const inner = open.at(-1)
    if (token === '{' || token === '[') {
      const path = inner?.next ?? ''
      const names = token === '{' ? new Set<string>() : undefined
      open.push({ path, names, next: `${path}[0]`, index: 0 })
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && inner && !inner.names) {
      inner.index += 1
      inner.next = `${inner.path}[${inner.index}]`
    } else if (token === ':' && inner?.names) {
      const name = String(JSON.parse(last))
      inner.next = memberPath(inner.path, name)
      if (inner.names.has(name)) duplicates.push(inner.next)
      inner.names.add(name)
    }
    last = token
  }
  return duplicates
}
