declare const named: unique symbol

/**
 * A symbol with the type of what it names. Inversify's own `container.get` ignores the type, but `get`
 * and `bind` of `@device-grant/core/inversify` check it.
 */
export type Token<T> = symbol & { readonly [named]?: T }

/** Makes a token. The same name gives the same symbol in every copy of the package. */
export const token = <T>(name: string): Token<T> => Symbol.for(`device-grant.${name}`) as Token<T>
