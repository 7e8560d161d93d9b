import { readFile } from 'node:fs/promises'
import {
  languageTagProblem,
  missingTexts,
  type SomeTexts,
  textProblems,
} from '@device-grant/http-koa'
import { duplicateMembers } from '../clients/duplicate-members.ts'
import { JsonError, parseJson } from '../clients/parse-json.ts'

/** The content of `TEXTS_FILE`. */
export interface TextsFile {
  /** Texts by language tag. */
  readonly texts: Readonly<Record<string, SomeTexts>>
  /** What is wrong, to follow the name of the variable. */
  readonly errors: readonly string[]
}

/** Reads the texts of a JSON file, and compares them with the catalog. */
export const loadTexts = async (path: string): Promise<TextsFile> => {
  try {
    const { text, value } = parseJson(await readFile(path))
    const twice = duplicateMembers(text).map((member) => `${member} is there twice`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { texts: {}, errors: ['must be an object with texts by language'] }
    }
    const { $schema: _, ...texts } = value as Readonly<Record<string, SomeTexts>>
    const wrong = Object.entries(texts).flatMap(
      ([tag, some]) =>
        languageTagProblem(tag) ??
        textProblems(some).map(({ text: name, problem }) => `${tag}: ${name} ${problem}`),
    )
    return { texts, errors: [...twice, ...wrong] }
  } catch (error) {
    return { texts: {}, errors: [reasonOf(error)] }
  }
}

/** The texts that languages do not have, by language tag. Complete languages are left out. */
export const missingByLanguage = (
  texts: TextsFile['texts'],
  builtIn: readonly string[],
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([tag, some]) => {
      const missing = builtIn.includes(tag) ? [] : missingTexts(some)
      return missing.length > 0 ? [[tag, missing]] : []
    }),
  )

const reasonOf = (error: unknown): string => {
  if (error instanceof JsonError) return error.message
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return `cannot be read (${code})`
}
