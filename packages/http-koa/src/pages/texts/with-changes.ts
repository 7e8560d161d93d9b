import { isTexts, textProblems } from './text-problems.ts'
import type { SomeTexts, Texts } from './texts.ts'

/**
 * Replaces some texts of a catalog. All forms of a plural text are replaced together.
 * @param tag the language tag, for messages
 * @throws {TypeError} if a text does not exist, is empty, or has other placeholders than the English text
 */
export const withChanges = (tag: string, base: Texts, changes: SomeTexts): Texts => {
  const [wrong] = textProblems(changes)
  if (wrong) throw new TypeError(`${tag}: ${wrong.text} ${wrong.problem}`)
  const texts = merge(base, changes)
  if (!isTexts(texts)) throw new TypeError(`${tag}: the catalog is not complete`)
  return texts
}

const merge = (base: unknown, changes: unknown): unknown => {
  if (changes === undefined) return base
  if (typeof base !== 'object' || base === null || Object.hasOwn(base, 'other')) return changes
  const changed = new Map(Object.entries(changes ?? {}))
  return Object.fromEntries(
    Object.entries(base).map(([name, inner]) => [name, merge(inner, changed.get(name))]),
  )
}
