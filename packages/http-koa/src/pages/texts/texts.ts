import type { en } from './en.ts'

/** A text with `{name}` placeholders. The type names them. */
export type Pattern<Name extends string> = string & { readonly placeholders?: Name }

/**
 * A text whose form depends on the number `{count}`. A member such as `0` is for exactly that number. The
 * others are the plural categories of the language (`Intl.PluralRules`).
 */
export interface Plural<Name extends string> {
  readonly zero?: Pattern<Name>
  readonly one?: Pattern<Name>
  readonly two?: Pattern<Name>
  readonly few?: Pattern<Name>
  readonly many?: Pattern<Name>
  /** For all numbers without a form of their own. */
  readonly other: Pattern<Name>
  readonly [exactNumber: `${number}`]: Pattern<Name>
}

/** All texts of the pages in one language. The English ones say which there are. */
export type Texts = TextsLike<typeof en>

/** Part of a catalog: some of its groups, with some texts of each. */
export type SomeTexts = SomeOf<Texts>

type TextsLike<English> = English extends string
  ? [PlaceholdersOf<English>] extends [never]
    ? string
    : Pattern<PlaceholdersOf<English>>
  : English extends { readonly other: infer Other extends string }
    ? Plural<PlaceholdersOf<Other>>
    : { readonly [Name in keyof English]: TextsLike<English[Name]> }

type PlaceholdersOf<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never

type SomeOf<Group> = Group extends string | { readonly other: string }
  ? Group
  : { readonly [Name in keyof Group]?: SomeOf<Group[Name]> }
