import type { ListedKey, PendingAuthorization } from '@device-grant/core'
import type { Paths } from '../paths.ts'
import type { Texts } from './texts/en.ts'

/** The request that a page answers. */
export interface PageContext {
  /** One of `Pages.locales`. */
  readonly locale: string
  readonly paths: Paths
  /** The display name of the signed-in person. Absent when no person is signed in. */
  readonly person?: string | undefined
  /** The value of the field `csrf_token` in every POST form. */
  readonly csrfToken: string
  /** Whether the sign-in method can sign people out. */
  readonly canSignOut: boolean
  /** Epoch milliseconds. */
  readonly now: number
}

/** The messages that a page can show. */
export type MessageKind =
  | 'approved'
  | 'denied'
  | 'expired'
  /** The code was approved or denied before. The page tells which only when `yours` is set. */
  | 'already_processed'
  | 'too_many_attempts'
  | 'sign_in_failed'
  /** The session ended before the form was sent. */
  | 'session_ended'
  | 'signed_out'
  /** Signed out here, but not at the sign-in provider. `retry` is the provider's absolute URL. */
  | 'signing_out'
  /** A store failed before the decision was written. Nothing was approved. */
  | 'key_not_created'
  /** A store failed while the decision was written. The person can safely answer again. */
  | 'outcome_unknown'
  /** A store failed while keys were revoked. Some may be revoked; revoking again is safe. */
  | 'revocation_unknown'
  | 'unavailable'
  /** The form is out of date, or comes from another site. */
  | 'form_refused'
  | 'bad_request'
  | 'not_found'
  /** The page only accepts POST. */
  | 'not_allowed'
  | 'server_error'

export interface MessageView {
  readonly kind: MessageKind
  /** The code as the device shows it. */
  readonly userCode?: string | undefined
  readonly clientId?: string | undefined
  /** The name of a client that the operator vouches for. */
  readonly trustedName?: string | undefined
  /** The decision, when the same person made it. */
  readonly yours?: 'approve' | 'deny' | undefined
  /** The path to try again at. For `signing_out`, an absolute URL. */
  readonly retry?: string | undefined
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

export interface EnterCodeView {
  /** The text to fill the field with, for correction. */
  readonly typed?: string | undefined
  readonly problem?: 'invalid' | undefined
  /** Attempts left. The page shows it when few are left, and hides the form at 0. */
  readonly attemptsLeft?: number | undefined
  /** When no attempt is left: how long to wait for the next one, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

export interface ConfirmView {
  readonly pending: PendingAuthorization
  /** The IP address of the person's own request. */
  readonly personAddress?: string | undefined
  /** The name of a client that the operator vouches for. Other clients are shown as unverified. */
  readonly trustedName?: string | undefined
}

/** A key of the signed-in person. */
export interface ShownKey extends ListedKey {
  /** The name of a client that the operator vouches for. Other clients are shown as unverified. */
  readonly trustedName?: string | undefined
}

export interface KeysView {
  readonly keys: readonly ShownKey[]
  readonly notice?: 'revoked' | 'revoked_all' | undefined
}

export interface SignInView {
  /** The path to open after the sign-in. */
  readonly returnTo: string
  readonly problem?: 'name_missing' | undefined
}

/** The pages by name, with the view that each one shows. */
export interface PageViews {
  /** The form for a user code. */
  readonly enterCode: EnterCodeView
  /** The request to approve or deny. */
  readonly confirm: ConfirmView
  readonly message: MessageView
  /** The connected devices. */
  readonly keys: KeysView
  /** The form of the demo sign-in. */
  readonly signIn: SignInView
}

/** The first argument of every template. */
export interface Page extends PageContext {
  readonly texts: Texts
  /** Returns the URL of a file in `Pages.assets`. */
  readonly asset: (name: string) => string
}

/** A file that pages load. */
export interface Asset {
  /** Media type. */
  readonly type: string
  readonly body: string
}

/** All pages. Every function returns a complete HTML document. */
export type Pages = {
  readonly [Name in keyof PageViews]: (context: PageContext, view: PageViews[Name]) => string
} & {
  /** Language tags, the default language first. */
  readonly locales: readonly string[]
  /** The files below `paths.assets`, by name. */
  readonly assets: ReadonlyMap<string, Asset>
}
