/** A form of a page, as a browser reads it. */
export interface Form {
  /** The URL as it stands in the page. */
  readonly action: string
  /** The hidden fields. */
  readonly fields: Readonly<Record<string, string>>
}

/** The forms of a page. */
export const formsIn = (html: string): Form[] =>
  [...html.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(([, attributes = '', inner = '']) => ({
    action: attribute(attributes, 'action') ?? '',
    fields: Object.fromEntries(
      [...inner.matchAll(/<input([^>]*)>/g)]
        .map(([, input = '']) => input)
        .filter((input) => attribute(input, 'type') === 'hidden')
        .map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
    ),
  }))

/**
 * The CSRF token that every form of a page carries.
 * @throws {Error} if there is none
 */
export const csrfTokenOf = (page: { readonly text: string }): string => {
  const token = formsIn(page.text).find(({ fields }) => fields['csrf_token'])?.fields['csrf_token']
  if (token === undefined) throw new Error(`There is no CSRF token in ${page.text}`)
  return token
}

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 's').exec(tag)
  return (found?.[1] ?? found?.[2] ?? found?.[3])?.replace(
    /&(?:amp|lt|gt|quot|#39|#x27|#x2F);/g,
    (entity) => ENTITIES[entity] ?? entity,
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&#x2F;': '/',
}
