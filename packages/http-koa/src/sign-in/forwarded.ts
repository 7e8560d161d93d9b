import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type AddressSet, peerAddress } from '../security/client-address.ts'
import { headerText } from './header-text.ts'
import { personIdOf } from './person-id-of.ts'
import type { SignInFactory } from './sign-in.ts'

/** The options of the sign-in by a reverse proxy. */
export interface ForwardedSignInOptions {
  /** The name of the header in which the proxy sends the person's id, in any case. */
  readonly header: string
  /**
   * The groups whose people may sign in.
   * @default every person of the proxy may sign in
   */
  readonly groups?: ForwardedGroups | undefined
  /**
   * Receives the address of a connection whose header was ignored, because it is not a trusted proxy or
   * sent a header twice. The header may be forged.
   * @default ignored headers are not reported
   */
  readonly onForged?: ((address: string | undefined) => void) | undefined
  /**
   * Receives the address of a trusted proxy whose header was ignored, because it is no person's id: it
   * is not UTF-8, has more than 256 characters, or has a control character.
   * @default ignored headers are not reported
   */
  readonly onInvalid?: ((address: string) => void) | undefined
  /**
   * Receives the id of each person who is in none of the groups, at every request.
   * @default such people are not reported
   */
  readonly onNotAdmitted?: ((person: string) => void) | undefined
}

/** The groups whose people may sign in, and where the proxy names those of a person. */
export interface ForwardedGroups {
  /** The name of the header in which the proxy sends the groups, separated by commas, in any case. */
  readonly header: string
  /** Any one of these is enough. Case counts. */
  readonly allowed: readonly string[]
}

/**
 * A reverse proxy signs people in and sends their id in a header (mod_auth_openidc, oauth2-proxy,
 * Authelia, Pomerium). The header counts only on connections from a trusted proxy.
 */
export const forwardedSignIn =
  (options: ForwardedSignInOptions): SignInFactory =>
  (host) => ({
    async person(ctx) {
      const found = findPerson(ctx.req, options, host.trustedProxies)
      report(found, options)
      if (found.outcome !== 'signed_in') return undefined
      const { id } = found
      // A form of another site comes without the cookie. A new session would replace the person's.
      const session = await (ctx.method === 'GET'
        ? host.sessions.ensure(ctx)
        : host.sessions.read(ctx))
      return { id, name: id, binding: `${session?.id ?? randomUUID()} ${id}` }
    },

    // Opening the page again gives the proxy the chance to sign the person in.
    async begin(ctx, returnTo) {
      const { outcome } = findPerson(ctx.req, options, host.trustedProxies)
      if (outcome === 'signed_in') host.redirect(ctx, returnTo)
      else if (outcome === 'not_admitted') {
        host.showMessage(ctx, 403, { kind: 'not_admitted', retry: returnTo })
      } else host.showMessage(ctx, 401, { kind: 'sign_in_failed', retry: returnTo })
    },
  })

/** What the headers of a request say about its person. */
type FoundPerson =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'forged'; readonly peer: string | undefined }
  | { readonly outcome: 'invalid'; readonly peer: string }
  | { readonly outcome: 'not_admitted' | 'signed_in'; readonly id: string }

const findPerson = (
  request: IncomingMessage,
  { header, groups }: ForwardedSignInOptions,
  trustedProxies: AddressSet,
): FoundPerson => {
  const { headersDistinct } = request
  const ids = headersDistinct[header.toLowerCase()]
  if (ids === undefined) return { outcome: 'none' }
  const groupLists = groups && (headersDistinct[groups.header.toLowerCase()] ?? [])
  const peer = peerAddress(request)
  const isTrusted = peer !== undefined && trustedProxies.has(peer)
  // A second value means that the proxy passed on a header from outside.
  if (!isTrusted || ids.length > 1 || (groupLists && groupLists.length > 1)) {
    return { outcome: 'forged', peer }
  }
  const [value = ''] = ids
  if (value === '') return { outcome: 'none' }
  const id = personIdOf(value)
  if (id === undefined) return { outcome: 'invalid', peer }
  const isAdmitted = !groups || namesOneOf(groupLists?.[0] ?? '', groups.allowed)
  return { outcome: isAdmitted ? 'signed_in' : 'not_admitted', id }
}

/** Only spaces and tabs are removed, because another Latin-1 space can be a part of a UTF-8 letter. */
const namesOneOf = (list: string, allowed: readonly string[]): boolean =>
  list.split(',').some((entry) => {
    const group = headerText(entry.replace(/^[ \t]+|[ \t]+$/g, ''))
    return group !== undefined && allowed.includes(group)
  })

const report = (
  found: FoundPerson,
  { onForged = () => {}, onInvalid = () => {}, onNotAdmitted = () => {} }: ForwardedSignInOptions,
): void => {
  if (found.outcome === 'forged') onForged(found.peer)
  else if (found.outcome === 'invalid') onInvalid(found.peer)
  else if (found.outcome === 'not_admitted') onNotAdmitted(found.id)
}
