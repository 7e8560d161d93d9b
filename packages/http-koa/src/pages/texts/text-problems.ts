import { en } from './en.ts'
import type { SomeTexts, Texts } from './texts.ts'

/** The plural categories of all languages. */
export const FORMS: readonly string[] = ['zero', 'one', 'two', 'few', 'many', 'other']

/** What is wrong with one text of a catalog. */
export interface TextProblem {
  /** The names of the group and the text, for example `confirm.warning`. */
  readonly text: string
  /** What is wrong, to follow the name of the text. */
  readonly problem: string
}

/** Whether a value is part of a catalog. */
const isSomeTexts = (value: unknown): value is SomeTexts => textProblems(value).length === 0

/** Whether a value is a catalog. */
export const isTexts = (value: unknown): value is Texts =>
  isSomeTexts(value) && missingTexts(value).length === 0

/** The names of the texts that part of a catalog does not have, for example `confirm.warning`. */
export const missingTexts = (some: SomeTexts): readonly string[] => missingFrom('', some, en)

const missingFrom = (text: string, value: unknown, english: unknown): readonly string[] => {
  if (!isObject(english) || isPlural(english)) return value === undefined ? [text] : []
  return Object.entries(english).flatMap(([name, inner]) =>
    missingFrom(join(text, name), isObject(value) ? memberOf(value, name) : undefined, inner),
  )
}

/**
 * Compares part of a catalog with the English one.
 * @returns the texts that do not exist, are empty, or have other placeholders than the English text
 */
export const textProblems = (value: unknown): readonly TextProblem[] => problemsOf('', value, en)

const problemsOf = (text: string, value: unknown, english: unknown): readonly TextProblem[] => {
  if (value === undefined) return []
  if (typeof english === 'string') return patternProblem(text, value, english)
  if (!isObject(english)) return [{ text, problem: 'is not a text of the pages' }]
  if (!isObject(value)) return [{ text: text || 'The catalog', problem: 'must be an object' }]
  if (isPlural(english)) return pluralProblems(text, value, english.other)
  return Object.entries(value).flatMap(([name, inner]) =>
    problemsOf(join(text, name), inner, memberOf(english, name)),
  )
}

const pluralProblems = (
  text: string,
  forms: Readonly<Record<string, unknown>>,
  english: unknown,
): readonly TextProblem[] => {
  if (memberOf(forms, 'other') === undefined) return [{ text, problem: 'has no form "other"' }]
  return Object.entries(forms).flatMap(([name, form]) => {
    const path = join(text, name)
    return FORMS.includes(name) || /^\d+$/.test(name)
      ? patternProblem(path, form, english, ['count'])
      : [{ text: path, problem: `is not a number or one of ${FORMS.join(', ')}` }]
  })
}

const patternProblem = (
  text: string,
  value: unknown,
  english: unknown,
  optional: readonly string[] = [],
): readonly TextProblem[] => {
  if (typeof value !== 'string' || !/[\p{L}\p{N}]/u.test(value)) {
    return [{ text, problem: 'must be a text that is not empty' }]
  }
  const known = placeholdersOf(String(english))
  const used = placeholdersOf(value)
  const unknown = used.filter((name) => !known.includes(name))
  const missing = known.filter((name) => !used.includes(name) && !optional.includes(name))
  return [
    ...unknown.map((name) => ({ text, problem: `has the unknown placeholder {${name}}` })),
    ...missing.map((name) => ({ text, problem: `lacks the placeholder {${name}}` })),
  ]
}

/** The names of the placeholders of a text. */
export const placeholdersOf = (pattern: string): readonly string[] =>
  [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

const join = (group: string, name: string): string => (group === '' ? name : `${group}.${name}`)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a text of the English catalog has plural forms. */
export const isPlural = (english: object): english is { readonly other: string } =>
  Object.hasOwn(english, 'other')

const memberOf = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined
