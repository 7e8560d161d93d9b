import type { Context } from 'koa'
import { bodyField } from '../http/body-field.ts'
import { isOriginHidden, isOwnRequest } from './own-request.ts'
import type { Signer } from './signer.ts'

/** Protects requests that change something against other sites (cross-site request forgery). */
export class Csrf {
  readonly #signer: Signer
  readonly #origins: ReadonlySet<string>

  /** @param options.origins the origins whose pages may change something */
  constructor(options: { readonly signer: Signer; readonly origins: ReadonlySet<string> }) {
    this.#signer = options.signer
    this.#origins = options.origins
  }

  /** The token of the forms of one session, or an empty text without a session. */
  tokenFor(binding: string | undefined): string {
    return binding === undefined ? '' : this.#signer.csrfToken(binding)
  }

  /** Whether a text is the token of this binding. */
  isTokenFor(token: unknown, binding: string): boolean {
    return this.#signer.isCsrfToken(token, binding)
  }

  /** Whether a request comes from an allowed origin, or from a program that is no browser. */
  isOwnRequest(ctx: Context): boolean {
    return isOwnRequest(ctx.req, this.#origins)
  }

  /**
   * Whether a posted form comes from a page of this session. Without a session there is no token to
   * check, so only forms that are known to come from another site are refused.
   */
  isOwnForm(ctx: Context, binding: string | undefined): boolean {
    if (!isOwnRequest(ctx.req, this.#origins) && !isOriginHidden(ctx.req)) return false
    return binding === undefined || this.#signer.isCsrfToken(bodyField(ctx, 'csrf_token'), binding)
  }
}
