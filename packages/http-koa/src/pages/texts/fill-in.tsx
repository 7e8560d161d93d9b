import type { VNode } from 'preact'
import type { Pattern, Plural } from './texts.ts'

/** The values of placeholders by name. `count` chooses the form of a text that has several. */
export type Values<Name extends string, Value> = {
  readonly [N in Name]: N extends 'count' ? number : Value
}

/** Returns a text with the values of its placeholders. Numbers are written as in the language. */
export const fillIn = <Name extends string>(
  locale: string,
  text: Pattern<Name> | Plural<Name>,
  values: Values<NoInfer<Name>, string | number>,
): string => partsOf<string | number>(locale, text, values).join('')

/** A text with values that can be elements, for example the name of a device. */
export const FilledIn = <Name extends string>({
  locale,
  text,
  values,
}: {
  readonly locale: string
  readonly text: Pattern<Name> | Plural<Name>
  readonly values: Values<NoInfer<Name>, string | number | VNode>
}): VNode => <>{partsOf<string | number | VNode>(locale, text, values)}</>

const partsOf = <Value,>(
  locale: string,
  text: string | Plural<string>,
  values: Readonly<Record<string, Value>>,
): (string | Value)[] => {
  const { numbers, plurals } = formatsOf(locale)
  const pattern = typeof text === 'string' ? text : formOf(text, Number(values['count']), plurals)
  return pattern.split(/(\{\w+\})/).map((part) => {
    const value = part.startsWith('{') ? values[part.slice(1, -1)] : undefined
    return typeof value === 'number' ? numbers.format(value) : (value ?? part)
  })
}

const formOf = (text: Plural<string>, count: number, plurals: Intl.PluralRules): string =>
  text[`${count}`] ?? text[plurals.select(count)] ?? text.other

interface Formats {
  readonly numbers: Intl.NumberFormat
  readonly plurals: Intl.PluralRules
}

const formats = new Map<string, Formats>()

/** The formats of a language. Each is made once, because making one takes longer than a whole page. */
const formatsOf = (locale: string): Formats => {
  const known = formats.get(locale)
  if (known) return known
  const made = {
    numbers: new Intl.NumberFormat(locale),
    plurals: new Intl.PluralRules(locale),
  }
  formats.set(locale, made)
  return made
}
