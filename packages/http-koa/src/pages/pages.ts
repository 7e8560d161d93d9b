import type {
  ApprovalNeed,
  CatalogueScopes,
  DeviceInfo,
  EndedKey,
  GrantedKey,
  ListedKey,
  PendingAuthorization,
  Refusal,
  RegisteredClient,
} from '@device-grant/core'
import type { ComponentChildren, JSX } from 'preact'
import type { AddressDescriptions } from '../http/describe-addresses.ts'
import type { Paths } from '../paths.ts'
import type { KeysQuery } from './keys-query.ts'
import type { Texts } from './texts/texts.ts'

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
  /**
   * The query that opens the page again at its address, such as `user_code=WDJB-MJHT`. The page then
   * offers its other languages. Absent if the address does not open it again.
   */
  readonly query?: string | undefined
}

/** The messages that a page can show. */
export type MessageKind =
  /** The device has not picked its key up yet. */
  | 'approved'
  /** The device has picked its key up. */
  | 'connected'
  /** The key has ended. */
  | 'disconnected'
  | 'denied'
  /** Denied, and the person did not start the login. */
  | 'reported'
  /** Approved before, and the person did not start the login. */
  | 'approval_reported'
  /** The code expired while this person had it open. */
  | 'expired'
  | 'already_approved'
  | 'already_denied'
  /** The code has expired, or another person decided. The page does not tell which. */
  | 'no_longer_valid'
  | 'too_many_attempts'
  /** The operator allows the client, or all that it asked for, no more. */
  | 'client_refused'
  /** The person has as many devices as the policy allows. `retry` leads back to the request. */
  | 'too_many_keys'
  /** The operator does not admit the person. */
  | 'not_admitted'
  /** The device is not known to be near the person, and the operator demands it. */
  | 'elsewhere'
  /** The person signed in too long ago to approve. `retry` is where the sign-in begins. */
  | 'sign_in_again'
  | 'sign_in_failed'
  /** The session ended before the form was sent. */
  | 'session_ended'
  | 'signed_out'
  /** Signed out here, but not at the sign-in provider. `retry` is the provider's absolute URL. */
  | 'signing_out'
  /** Signed out here, on the way to another account. `retry` is where the sign-in begins. */
  | 'switching_account'
  /** A store failed before the decision was written. Nothing was approved. */
  | 'key_not_created'
  /** A store failed while the decision was written. The person can safely answer again. */
  | 'outcome_unknown'
  /** A store failed while keys were revoked. Some may be revoked; revoking again is safe. */
  | 'revocation_unknown'
  /** A store failed while a device was renamed. Renaming again is safe. */
  | 'renaming_unknown'
  /** The typed name of a device is too long. `rename` shows it again. */
  | 'device_name_too_long'
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
  /** What the registry knows of the client. */
  readonly client?: RegisteredClient | undefined
  /** The operator's name for the client, shown instead of its id. */
  readonly trustedName?: string | undefined
  /** The name of the device. */
  readonly deviceName?: string | undefined
  /** For `approved` and `connected`: the key. */
  readonly key?: ShownKey | undefined
  /** For `disconnected`: the key. */
  readonly endedKey?: ShownEndedKey | undefined
  /** The scopes that the operator knows. Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
  /** For `reported` and `approval_reported`: the keys that the person approved in the last day. */
  readonly recentKeys?: readonly ShownKey[] | undefined
  /** For `already_approved`: what the person granted. */
  readonly granted?: GrantedKey | undefined
  /** The path to try again at. For `signing_out` and `switching_account`, a URL or path. */
  readonly retry?: string | undefined
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** For `too_many_keys`: the key that was used or approved longest ago. */
  readonly leastRecentlyUsed?: ShownKey | undefined
  /** For `not_admitted` and `client_refused`: an e-mail address, an https URL, or a short text. */
  readonly contact?: string | undefined
  /**
   * For `not_admitted`: the typed code that another account may open, or an empty text. Absent if people
   * cannot choose another account here.
   */
  readonly otherAccountFor?: string | undefined
  /** For `elsewhere` and `sign_in_again`: the code of the request, which the person may still deny. */
  readonly deniableCode?: string | undefined
  /** For `device_name_too_long`: the id of the key, and the name as the person typed it. */
  readonly rename?: { readonly keyId: string; readonly deviceName: string } | undefined
  /** What the operator finds the error by in the log. */
  readonly reference?: string | undefined
}

/** Why a code has to be entered again. The page hides the form when no attempt is left. */
export type EnterCodeRefusal = Extract<
  Refusal,
  { readonly outcome: 'malformed' | 'invalid' | 'contested' | 'attempts_in_progress' }
>

export interface EnterCodeView {
  /** The text that the person typed. */
  readonly typed?: string | undefined
  readonly refusal?: EnterCodeRefusal | undefined
  /** The value of the hidden field `typed`, which tells the form from a link. Absent without that field. */
  readonly typedMark?: string | undefined
}

export interface ConfirmView {
  readonly pending: PendingAuthorization
  /** Where the person's own request came from. */
  readonly browser?: DeviceInfo | undefined
  /** What is known of the addresses of the device and of the browser. */
  readonly places?: AddressDescriptions | undefined
  /** The operator's name for the client, where there is no registry. Shown instead of its id. */
  readonly trustedName?: string | undefined
  /**
   * The value of the hidden field `typed`, for a person who has typed the whole code on our page. They need
   * not type its end again.
   */
  readonly typedMark?: string | undefined
  /** Why the approval that the person sent was refused. */
  readonly problem?: ChoiceProblem | undefined
  /** What the person had chosen. Absent members were not sent. */
  readonly chosen?: Choices | undefined
}

/** What a person may choose when they approve a device. Absent members leave it to the defaults. */
export interface Choices {
  /** The names of the ticked scopes. */
  readonly scopes?: readonly string[] | undefined
  /** How long the key will work, in milliseconds. */
  readonly lifetimeMs?: number | undefined
  readonly deviceName?: string | undefined
  /** The id of the key that the new one replaces. */
  readonly replaces?: string | undefined
  /** Why the device is in another network. */
  readonly elsewhereReason?: string | undefined
  /** The last characters of the user code. */
  readonly codeEnding?: string | undefined
}

/** Why a choice is refused. `no_scope`: no scope was ticked. */
export type ChoiceProblem =
  | 'no_scope'
  | 'scopes'
  | 'lifetime'
  | 'device_name'
  | 'replaces'
  | ApprovalNeed

/** A key of the signed-in person. */
export interface ShownKey extends ListedKey {
  /** The operator's name for the client, shown instead of its id. */
  readonly trustedName?: string | undefined
}

/** A key of the signed-in person that has ended. */
export interface ShownEndedKey extends EndedKey {
  /** The operator's name for the client, shown instead of its id. */
  readonly trustedName?: string | undefined
}

export interface KeysView {
  /** The keys of this page, the newest use first. */
  readonly keys: readonly ShownKey[]
  /**
   * How many keys there are, whatever the search.
   * @default as many as on this page
   */
  readonly total?: number | undefined
  /**
   * How many keys the search has found.
   * @default as many as on this page
   */
  readonly found?: number | undefined
  /** What was searched for, and where the page starts. */
  readonly query?: KeysQuery | undefined
  /** What is known of the addresses of the devices. */
  readonly places?: AddressDescriptions | undefined
  /**
   * The keys that have ended, the latest first.
   * @default none
   */
  readonly ended?: readonly ShownEndedKey[] | undefined
  /** Where a list of older keys starts. Present only if there are more than one list can have. */
  readonly older?: string | undefined
  /** Where the next page starts. Absent on the last page. */
  readonly next?: string | undefined
  /** How long other processes may accept a key after its revocation, in milliseconds. */
  readonly revocationDelayMs: number
  /** The scopes that the operator knows. Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
  readonly notice?: 'revoked' | 'revoked_all' | 'renamed' | undefined
  /** For the notice `revoked`: the name of the device. */
  readonly deviceName?: string | undefined
}

export interface SignInView {
  /** The path to open after the sign-in. */
  readonly returnTo: string
  readonly problem?: 'name_missing' | 'name_invalid' | undefined
  /** The name that the person typed. */
  readonly typed?: string | undefined
}

/** The front page shows nothing but its texts. */
export type HomeView = Readonly<Record<never, never>>

/** The pages by name, with the view that each one shows. */
export interface PageViews {
  /** The front page: what the service is for, and where to go. */
  readonly home: HomeView
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
  /** The name of the service. */
  readonly product: string
  /** Whether the operator chose that name, so that sentences may use it. */
  readonly hasOwnProduct: boolean
  readonly logo?: Logo | undefined
  /** Where people find more about the service. */
  readonly links: BrandLinks
  /** The language tags that the page is offered in. */
  readonly locales: readonly string[]
  /** Returns the URL of a file in `Pages.assets`. */
  readonly asset: (name: string) => string
  /** Puts the content of the page in its frame. */
  readonly layout: PageLayout
  /** More elements of the document's head. */
  readonly head: PagePart
  /** More content below the main part. */
  readonly footer: PagePart
}

/** What a layout shows, and around which content. */
export interface LayoutView {
  /** The title of the document. */
  readonly title: string
  /**
   * The heading of the page, where it has more than text.
   * @default the title
   */
  readonly heading?: ComponentChildren | undefined
  /** The entry of the navigation that stands for this page. */
  readonly current?: 'keys' | undefined
  /** Whether the form has an error. The document title then begins with the word. */
  readonly hasError?: boolean | undefined
  /** The name of the asset to run as a script. */
  readonly script?: string | undefined
  readonly children?: ComponentChildren | undefined
}

/** The frame of every page: a component that renders the whole document, from `<html>` on. */
export type PageLayout = (props: { readonly page: Page } & LayoutView) => JSX.Element

/** A part that every page shows. */
export type PagePart = (page: Page) => ComponentChildren

/** A file that pages load. */
export interface Asset {
  /** Media type. */
  readonly type: string
  readonly body: string | Uint8Array
}

/** A logo: the name of its file in `Pages.assets`, and the media type. */
export interface Logo {
  readonly name: string
  readonly type: string
}

/** https URLs that every page links to. */
export interface BrandLinks {
  readonly support?: string | undefined
  readonly privacy?: string | undefined
  readonly imprint?: string | undefined
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
