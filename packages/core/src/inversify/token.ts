declare const named: unique symbol

/**
 * A symbol that carries the type of what it names. Inversify's own `container.get` does not look at it;
 * `get` of `@device-grant/core/inversify` does.
 */
export type Token<T> = symbol & { readonly [named]?: T }

/** A token of this project; the same name gives the same symbol in every copy of the package. */
export const token = <T>(name: string): Token<T> => Symbol.for(`device-grant.${name}`) as Token<T>
