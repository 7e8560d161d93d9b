import type { Context } from 'koa'
import type { Person } from './person.ts'
import type { SignInHost } from './sign-in-host.ts'

/** How a sign-in begins. */
export interface BeginOptions {
  /**
   * Whether the person wants another account. `begin` then ends the session of the request. The person
   * must be able to choose, for example by `prompt=select_account` (OpenID Connect Core 1.0 section
   * 3.1.2.1).
   * @default false
   */
  readonly otherAccount?: boolean | undefined
}

/** A sign-in method. */
export interface SignIn {
  /**
   * The person of a request, or `undefined` if no person is signed in. An API key never counts. For an
   * invalid person the router sends status 500, and `onError` receives a `TypeError` that names the member.
   */
  person(ctx: Context): Promise<Person | undefined>
  /**
   * Answers the GET of a page that needs a person: sends the browser to sign in. It also answers the form
   * with which a person chooses another account. A signed-in person can begin too, because a safeguard may
   * ask them to sign in again.
   * @param returnTo the path that the browser must return to
   */
  begin(ctx: Context, returnTo: string, options?: BeginOptions): Promise<void>
  /**
   * Answers `GET` and `POST /oauth/device/sign-in`, and `GET /oauth/device/sign-in/{rest}`.
   * @param rest the last segment of the path, or an empty text
   * @default `begin` for `GET /oauth/device/sign-in`, else status 404
   */
  handle?(ctx: Context, rest: string): Promise<void>
  /**
   * Signs the person out.
   * @returns the absolute URL to continue at, if the sign-in provider signs the person out too
   * @default pages show no button for signing out or choosing another account
   */
  signOut?(ctx: Context): Promise<string | undefined>
}

/** Makes a sign-in method for a router. */
export type SignInFactory = (host: SignInHost) => SignIn
