/**
 * The attribute that keeps browsers from translating an element. Its value is a text, because Preact
 * renders `translate={false}` as no attribute at all.
 */
export const NOT_TRANSLATED = { translate: 'no' } as unknown as { readonly translate: false }
