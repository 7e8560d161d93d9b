import { randomUUID } from 'node:crypto'
import { peerAddress } from '../security/client-address.ts'
import { isPersonId } from './person.ts'
import type { SignInFactory } from './sign-in.ts'

export interface ForwardedSignInOptions {
  /** The header in which the proxy says who it is. */
  readonly header: string
  /** Hears of the header from an address that is no trusted proxy, or given twice: somebody may be forging it. */
  readonly onForged?: (address: string | undefined) => void
}

/**
 * A reverse proxy signs people in and says who they are in a header (mod_auth_openidc, oauth2-proxy,
 * Authelia, Pomerium). Believed only when the connection comes from one of the site's trusted proxies.
 */
export const forwardedSignIn =
  ({ header, onForged = () => {} }: ForwardedSignInOptions): SignInFactory =>
  (site) => ({
    async person(ctx) {
      const values = ctx.req.headersDistinct[header.toLowerCase()]
      if (values === undefined) return undefined
      const peer = peerAddress(ctx.req)
      // Twice: the proxy has let somebody else's through beside its own.
      if (peer === undefined || !site.trustedProxies.has(peer) || values.length > 1) {
        onForged(peer)
        return undefined
      }
      const id = utf8(values[0] ?? '')
      if (!isPersonId(id)) return undefined
      // Only a page begins a session: a form of another site comes without its cookie, and would end the old one.
      const session = await (ctx.method === 'GET'
        ? site.sessions.ensure(ctx)
        : site.sessions.read(ctx))
      return { id, name: id, binding: `${session?.id ?? randomUUID()} ${id}` }
    },

    // The proxy has not signed them in. Going there again, as a page, gives it the chance to.
    async begin(ctx, returnTo) {
      site.showMessage(ctx, 401, { kind: 'sign_in_failed', retry: returnTo })
    },
  })

/** Node reads headers as Latin-1; proxies write UTF-8. */
const utf8 = (header: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'))
  } catch {
    return header
  }
}
