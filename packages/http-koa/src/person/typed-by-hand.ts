import type { Context } from 'koa'
import { sentField } from '../http/sent-field.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignedInPerson } from './signed-in.ts'

/** What a link with a user code opens. `open`: the request. `empty`: an empty field. */
export type LinkedCodes = 'open' | 'empty'

/** The field of our forms that a link of another site cannot have. */
export const TYPED_FIELD = 'typed'

/** Tells codes that a person typed on our page from those of links (RFC 8628 section 3.3.1). */
export class TypedByHand {
  readonly #csrf: Csrf
  readonly linkedCodes: LinkedCodes

  constructor(options: { readonly csrf: Csrf; readonly linkedCodes: LinkedCodes }) {
    this.#csrf = options.csrf
    this.linkedCodes = options.linkedCodes
  }

  /** The value of `TYPED_FIELD` for a person's forms. Absent without a session. */
  markFor(binding: string | undefined): string | undefined {
    return binding === undefined ? undefined : this.#csrf.tokenFor(purpose(binding))
  }

  /** Whether a request comes from the forms of this person. A mark of an ended session does not count. */
  isTyped(ctx: Context, { binding }: Partial<Pick<SignedInPerson, 'binding'>>): boolean {
    return (
      binding !== undefined && this.#csrf.isTokenFor(sentField(ctx, TYPED_FIELD), purpose(binding))
    )
  }
}

/** Another text than the binding, because the mark stands in a URL and must not protect any form. */
const purpose = (binding: string): string => `typed ${binding}`
