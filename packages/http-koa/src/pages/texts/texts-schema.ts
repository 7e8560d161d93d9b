import { en } from './en.ts'
import { FORMS, isPlural, placeholdersOf } from './text-problems.ts'

/** A JSON Schema, or a part of one. */
type Schema = Readonly<Record<string, unknown>>

/**
 * Makes the JSON Schema (draft 7) of a file with texts by language tag. It describes each text with the
 * English one, for editors.
 */
export const textsSchema = (): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The texts of the device-grant pages (TEXTS_FILE)',
  description: 'Texts by language tag. Each text is optional, and described with the English one.',
  type: 'object',
  properties: { $schema: { type: 'string' } },
  patternProperties: { '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$': { $ref: '#/definitions/texts' } },
  additionalProperties: false,
  definitions: { texts: schemaOf(en) },
})

const schemaOf = (english: string | object): Schema => {
  if (typeof english === 'string') return patternSchema(english, placeholdersOf(english))
  if (isPlural(english)) return pluralSchema(english)
  const members = Object.entries(english).map(([name, inner]) => [name, schemaOf(inner)])
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(members),
  }
}

const patternSchema = (description: string, placeholders: readonly string[]): Schema => ({
  description,
  type: 'string',
  pattern: '[\\p{L}\\p{N}]',
  ...(placeholders.length > 0
    ? { allOf: placeholders.map((name) => ({ pattern: `\\{${name}\\}` })) }
    : {}),
})

const pluralSchema = ({ other }: { readonly other: string }): Schema => {
  const form = patternSchema(
    other,
    placeholdersOf(other).filter((name) => name !== 'count'),
  )
  return {
    description: other,
    type: 'object',
    required: ['other'],
    properties: Object.fromEntries(FORMS.map((name) => [name, form])),
    patternProperties: { '^\\d+$': form },
    additionalProperties: false,
  }
}
