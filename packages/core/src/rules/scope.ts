import type { LocalizedText } from './localized-text.ts'
import type { RegisteredClient } from './registered-client.ts'

/** A scope that the operator knows. */
export interface CatalogueScope {
  /** What a key with this scope may do, in a sentence for people. */
  readonly description: LocalizedText
  /**
   * Whether a person who approves cannot take it away.
   * @default false
   */
  readonly required?: boolean | undefined
  /**
   * Whether a client that asks for no scope gets it.
   * @default false
   */
  readonly default?: boolean | undefined
  /**
   * Whether pages warn of it.
   * @default false
   */
  readonly sensitive?: boolean | undefined
}

/** Scopes by name, in the order in which pages show them. */
export type CatalogueScopes = ReadonlyMap<string, CatalogueScope>

/** What decides about scopes. Each member is absent if there is no such registry or catalogue. */
export interface ScopeRules {
  readonly client?: Pick<RegisteredClient, 'scopes' | 'defaultScopes'> | undefined
  readonly catalogue?: CatalogueScopes | undefined
}

/** The names of a scope text (RFC 6749 section 3.3), each once. */
export const scopeNames = (scope: string | undefined): readonly string[] => [
  ...new Set(scope?.split(' ').filter((name) => name !== '')),
]

/** A scope text, or `undefined` for no name. */
const scopeText = (names: readonly string[]): string | undefined =>
  names.length > 0 ? names.join(' ') : undefined

/** Whether the operator allows a scope now. */
const isAllowed = (name: string, { client, catalogue }: ScopeRules): boolean =>
  (catalogue?.has(name) ?? true) && (client?.scopes?.includes(name) ?? true)

/** The scope of a request, or why it is refused with `invalid_scope`. */
export type RequestedScope =
  | { readonly outcome: 'ok'; readonly scope: string | undefined }
  | { readonly outcome: 'invalid_scope'; readonly reason: 'not_allowed' | 'none' }

/**
 * Decides which scope a client asks for (RFC 6749 section 3.3). A client that names none gets its
 * default. A key may lack a scope only if neither a catalogue nor the client limits the scopes.
 */
export const requestedScope = (asked: string | undefined, rules: ScopeRules): RequestedScope => {
  const names = scopeNames(asked)
  if (!names.every((name) => isAllowed(name, rules))) {
    return { outcome: 'invalid_scope', reason: 'not_allowed' }
  }
  const scope = scopeText(names.length > 0 ? names : defaultNames(rules))
  const isLimited = rules.catalogue !== undefined || rules.client?.scopes !== undefined
  return scope === undefined && isLimited
    ? { outcome: 'invalid_scope', reason: 'none' }
    : { outcome: 'ok', scope }
}

const defaultNames = (rules: ScopeRules): readonly string[] => {
  const { client, catalogue = new Map<string, CatalogueScope>() } = rules
  const names =
    client?.defaultScopes ?? [...catalogue].flatMap(([name, scope]) => (scope.default ? name : []))
  return names.filter((name) => isAllowed(name, rules))
}

/** The scope that a person grants, or why their choice is refused. */
export type GrantedScope =
  | { readonly outcome: 'ok'; readonly scope: string | undefined }
  | { readonly outcome: 'invalid_scope' }

/**
 * Decides which scope an approval grants (RFC 6749 section 3.3). `chosen` names what is left of the
 * requested scope, each scope once. Absent, it is all of it.
 */
export const grantedScope = (
  requested: string | undefined,
  chosen: readonly string[] | undefined,
  { catalogue }: Pick<ScopeRules, 'catalogue'>,
): GrantedScope => {
  if (chosen === undefined) return { outcome: 'ok', scope: requested }
  const asked = scopeNames(requested)
  const kept = new Set(chosen)
  const isValid =
    kept.size > 0 &&
    kept.size === chosen.length &&
    chosen.every((name) => asked.includes(name)) &&
    asked.every((name) => kept.has(name) || !catalogue?.get(name)?.required)
  return isValid
    ? { outcome: 'ok', scope: scopeText(asked.filter((name) => kept.has(name))) }
    : { outcome: 'invalid_scope' }
}

/** The scope of a key at pick-up. `none`: the operator allows nothing of it any more. */
export type AllowedScope =
  | { readonly outcome: 'ok'; readonly scope: string | undefined }
  | { readonly outcome: 'none' }

/** What is still allowed of a granted scope at pick-up. With nothing of it, a device gets no key. */
export const allowedScope = (granted: string | undefined, rules: ScopeRules): AllowedScope => {
  const scope = scopeText(scopeNames(granted).filter((name) => isAllowed(name, rules)))
  const isLimited = granted !== undefined || rules.catalogue || rules.client?.scopes
  return scope === undefined && isLimited ? { outcome: 'none' } : { outcome: 'ok', scope }
}
