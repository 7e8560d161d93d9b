import type { Context } from 'koa'
import type { Site } from '../person/site.ts'
import type { Person } from './person.ts'

/** A way to sign people in. */
export interface SignIn {
  /** Who is this request's person? An API key is never an answer. */
  person(ctx: Context): Promise<Person | undefined>
  /** Sends somebody who has come to a page (a GET) to sign in; they come back to `returnTo`, a path of our own. */
  begin(ctx: Context, returnTo: string): Promise<void>
  /** Answers below `/oauth/device/sign-in`; `rest` is what follows that, without a slash. */
  handle?(ctx: Context, rest: string): Promise<void>
  /**
   * Signs out. Absent where that is not ours to do.
   * @returns an absolute URL to go on to, when somebody else has to sign them out too
   */
  signOut?(ctx: Context): Promise<string | undefined>
}

/** Makes a way to sign in for a site. */
export type SignInFactory = (site: Site) => SignIn
