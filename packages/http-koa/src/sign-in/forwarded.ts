import { randomUUID } from 'node:crypto'
import { peerAddress } from '../security/client-address.ts'
import { personIdOf } from './person-id-of.ts'
import type { SignInFactory } from './sign-in.ts'

/** The options of the sign-in by a reverse proxy. */
export interface ForwardedSignInOptions {
  /** The name of the header in which the proxy sends the person's id, in any case. */
  readonly header: string
  /**
   * Receives the address of a connection whose header was ignored, because it is not a trusted proxy or
   * sent the header twice. The header may be forged.
   * @default ignored headers are not reported
   */
  readonly onForged?: ((address: string | undefined) => void) | undefined
  /**
   * Receives the address of a trusted proxy whose header was ignored, because it is no person's id: it
   * is not UTF-8, has more than 256 characters, or has a control character.
   * @default ignored headers are not reported
   */
  readonly onInvalid?: ((address: string) => void) | undefined
}

/**
 * A reverse proxy signs people in and sends their id in a header (mod_auth_openidc, oauth2-proxy,
 * Authelia, Pomerium). The header counts only on connections from a trusted proxy.
 */
export const forwardedSignIn =
  ({ header, onForged = () => {}, onInvalid = () => {} }: ForwardedSignInOptions): SignInFactory =>
  (host) => ({
    async person(ctx) {
      const values = ctx.req.headersDistinct[header.toLowerCase()]
      if (values === undefined) return undefined
      const peer = peerAddress(ctx.req)
      // A second value means that the proxy passed on a header from outside.
      if (peer === undefined || !host.trustedProxies.has(peer) || values.length > 1) {
        onForged(peer)
        return undefined
      }
      const [value = ''] = values
      if (value === '') return undefined
      const id = personIdOf(value)
      if (id === undefined) {
        onInvalid(peer)
        return undefined
      }
      // A form of another site comes without the cookie. A new session would replace the person's.
      const session = await (ctx.method === 'GET'
        ? host.sessions.ensure(ctx)
        : host.sessions.read(ctx))
      return { id, name: id, binding: `${session?.id ?? randomUUID()} ${id}` }
    },

    // Opening the page again gives the proxy the chance to sign the person in.
    async begin(ctx, returnTo) {
      host.showMessage(ctx, 401, { kind: 'sign_in_failed', retry: returnTo })
    },
  })
