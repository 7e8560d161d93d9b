import type { OidcClaims } from '@device-grant/http-koa'

/** A claim that a person needs, with the values of which any one is enough. */
interface AllowedClaim {
  readonly name: string
  readonly values: readonly string[]
}

/** Which accounts of an OpenID provider may sign in. All of the claims must hold. */
export type OidcAllow = readonly AllowedClaim[]

const EMAIL_DOMAIN = 'email_domain'
/** No Unicode flag, so that no letter beyond ASCII counts as one of these. */
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i

/**
 * Reads a rule such as `groups=a,b;email_domain=x.example`. `errors` names each part that is malformed
 * by its place.
 */
export const readOidcAllow = (
  text: string,
): { readonly allow: OidcAllow; readonly errors: readonly string[] } => {
  const errors: string[] = []
  const allow: AllowedClaim[] = []
  for (const [i, part] of text.split(';').entries()) {
    const [, name = '', list = ''] = /^\s*([^\s=,]+)\s*=(.*)$/s.exec(part) ?? []
    const values = list.split(',').map((value) => value.trim())
    const error = errorOf(name, values, allow)
    if (error === undefined) allow.push({ name, values })
    else errors.push(`part ${i + 1} ${error}`)
  }
  return { allow, errors }
}

const errorOf = (
  name: string,
  values: readonly string[],
  earlier: OidcAllow,
): string | undefined => {
  if (name === '') return 'must be a claim and its values, such as groups=a,b'
  if (values.includes('')) return 'has an empty value'
  if (earlier.some((other) => other.name === name)) return `names ${name} again`
  if (name === EMAIL_DOMAIN && !values.every((value) => DOMAIN.test(value))) {
    return 'must have domains such as x.example'
  }
  return undefined
}

/** Whether a rule needs the scope `email`. */
export const isAboutEmail = (allow: OidcAllow): boolean =>
  allow.some(({ name }) => name === EMAIL_DOMAIN || name === 'email')

/**
 * Makes the function that tells why claims are not allowed, without their values. It returns `undefined`
 * if they are. An e-mail address counts only if the provider has verified it.
 */
export const refuseClaims =
  (allow: OidcAllow) =>
  (claims: OidcClaims): string | undefined => {
    for (const part of allow) {
      const reason = refusePart(part, claims)
      if (reason !== undefined) return reason
    }
    return undefined
  }

const refusePart = ({ name, values }: AllowedClaim, claims: OidcClaims): string | undefined => {
  const isDomain = name === EMAIL_DOMAIN
  const claim = isDomain ? 'email' : name
  const found = textsOf(claims, claim)
  if (found.length === 0) return `${claim} is missing`
  if (claim === 'email' && claims['email_verified'] !== true) return 'email is not verified'
  if (!isDomain) {
    return found.some((value) => values.includes(value)) ? undefined : `${name} is not allowed`
  }
  const domains = values.map((value) => value.toLowerCase())
  const isAllowed = found.some((email) => domains.includes(domainOf(email) ?? ''))
  return isAllowed ? undefined : `${name} is not allowed`
}

/**
 * The values of a claim, which is a string or an array of strings. Others count as absent, and so do
 * several addresses, because `email_verified` is about one.
 */
const textsOf = (claims: OidcClaims, name: string): readonly string[] => {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (name === 'email' && Array.isArray(claim)) return []
  return [claim].flat().filter((value) => typeof value === 'string')
}

/** The domain of an e-mail address in lower case, or `undefined` if it is none. */
const domainOf = (email: string): string | undefined => {
  const [, domain = ''] = /^[^@]+@([^@]+)$/.exec(email) ?? []
  return DOMAIN.test(domain) ? domain.toLowerCase() : undefined
}
