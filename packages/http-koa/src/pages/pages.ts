import type { ListedKey, PendingAuthorization } from '@device-grant/core'
import type { Paths } from '../paths.ts'
import type { Texts } from './texts/en.ts'

/** What every page knows of the request that it answers. */
export interface PageContext {
  /** One of `Pages.locales`. */
  readonly locale: string
  readonly paths: Paths
  /** Who is signed in, as shown to them; absent when nobody is. */
  readonly person?: string | undefined
  /** Goes into every form that posts, as `csrf_token`. */
  readonly csrfToken: string
  /** Whether signing out is ours to offer. */
  readonly canSignOut: boolean
  /** Epoch milliseconds. */
  readonly now: number
}

/** What a page may say when there is nothing (more) to do. */
export type MessageKind =
  | 'approved'
  | 'denied'
  | 'expired'
  /** Somebody has answered this code; neutral, unless `yours` says it was this person. */
  | 'already_processed'
  | 'too_many_attempts'
  | 'sign_in_failed'
  /** The sign-in ended before the form was sent. */
  | 'session_ended'
  | 'signed_out'
  /** Signed out here; `retry` is where somebody else goes on with it, an absolute URL. */
  | 'signing_out'
  /** A store is down: nothing was approved. */
  | 'key_not_created'
  /** A store went down while the decision was written: answering again is safe. */
  | 'unknown_outcome'
  /** A store went down while keys were revoked: some may be, and revoking again is safe. */
  | 'revocation_unknown'
  | 'unavailable'
  /** The form is too old, or was not sent by our own page. */
  | 'form_refused'
  | 'bad_request'
  | 'not_found'
  /** The page is only for what a form sends. */
  | 'not_allowed'
  | 'fault'

export interface MessageView {
  readonly kind: MessageKind
  /** As shown on the device, where it is known. */
  readonly userCode?: string | undefined
  readonly clientId?: string | undefined
  /** The name of a client that the operator vouches for. */
  readonly trustedName?: string | undefined
  readonly yours?: 'approve' | 'deny' | undefined
  /** Where trying again leads, a path of our own (but for `signing_out`). */
  readonly retry?: string | undefined
  /** How long to wait before the next try, milliseconds. */
  readonly retryAfterMs?: number | undefined
}

export interface EnterCodeView {
  /** What was typed, to be corrected. */
  readonly typed?: string | undefined
  readonly problem?: 'invalid' | 'expired' | undefined
  /** Tries left; worth showing when few. */
  readonly attemptsLeft?: number | undefined
  /** Where none is left: when there will be one again, milliseconds. */
  readonly retryAfterMs?: number | undefined
}

export interface ConfirmView {
  readonly pending: PendingAuthorization
  /** Where the person's own request came from. */
  readonly personAddress?: string | undefined
  /** The name of a client that the operator vouches for; any other is shown as unverified. */
  readonly trustedName?: string | undefined
}

/** A key of the person's, with the name that the operator vouches for. */
export interface ShownKey extends ListedKey {
  /** The name of a client that the operator vouches for; any other is shown as unverified. */
  readonly trustedName?: string | undefined
}

export interface KeysView {
  readonly keys: readonly ShownKey[]
  readonly notice?: 'revoked' | 'revoked_all' | undefined
}

export interface SignInView {
  /** A path of our own. */
  readonly returnTo: string
  readonly problem?: 'name_missing' | undefined
}

/** Every page, and what it shows. */
export interface PageViews {
  /** The form for a code. */
  readonly enterCode: EnterCodeView
  /** What is being approved, with the two buttons. */
  readonly confirm: ConfirmView
  readonly message: MessageView
  /** Connected devices. */
  readonly keys: KeysView
  /** The demo sign-in: it asks only for a name. */
  readonly signIn: SignInView
}

/** What a template has at hand. */
export interface Page extends PageContext {
  readonly texts: Texts
  /** The URL of a file in `Pages.assets`. */
  readonly asset: (name: string) => string
}

/** A file that pages load. */
export interface Asset {
  /** Media type. */
  readonly type: string
  readonly body: string
}

/** The whole of what a person sees. Every function returns a complete HTML document. */
export type Pages = {
  readonly [Name in keyof PageViews]: (context: PageContext, view: PageViews[Name]) => string
} & {
  /** Language tags, the default one first. */
  readonly locales: readonly string[]
  /** Files that the pages load from `paths.assets`, by name. */
  readonly assets: ReadonlyMap<string, Asset>
}
