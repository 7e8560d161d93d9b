import { bodyField } from '../http/body-field.ts'
import { isPersonId } from './person.ts'
import type { SignInFactory } from './sign-in.ts'
import type { SignInHost } from './sign-in-host.ts'

/** The options of `demoSignIn`. */
export interface DemoSignInOptions {
  /**
   * Lets anybody sign in as anybody in production, too.
   * @default false
   */
  readonly allowInProduction?: boolean | undefined
}

/**
 * Asks for a name and checks no password. For demonstrations only.
 * @throws {Error} if `NODE_ENV` is `production` and `allowInProduction` is not set
 */
export const demoSignIn = ({
  allowInProduction = false,
}: DemoSignInOptions = {}): SignInFactory => {
  if (process.env['NODE_ENV'] === 'production' && !allowInProduction) {
    throw new Error(
      'demoSignIn checks no password. Use another sign-in method, or set allowInProduction.',
    )
  }
  return signInByName
}

const signInByName: SignInFactory = (host) => ({
  async person(ctx) {
    const session = await host.sessions.read(ctx)
    if (session?.person === undefined) return undefined
    const { id: binding, person: name, signedInAt } = session
    return { id: name, name, binding, ...(signedInAt === undefined ? {} : { signedInAt }) }
  },

  async begin(ctx, returnTo, { otherAccount = false } = {}) {
    if (otherAccount) host.sessions.end(ctx)
    host.redirect(ctx, formPath(host, returnTo))
  },

  async handle(ctx, rest) {
    if (rest !== '') return host.showMessage(ctx, 404, { kind: 'not_found' })
    const isForm = ctx.method === 'POST'
    const returnTo = host.returnPath(isForm ? bodyField(ctx, 'return_to') : ctx.query['return_to'])
    if (!isForm) {
      const { id } = await host.sessions.ensure(ctx)
      return host.showSignIn(ctx, 200, { returnTo }, id)
    }
    // A form of another site comes without the cookie. A new session would replace the person's.
    const session = await host.sessions.read(ctx)
    if (!session || !host.isOwnForm(ctx, session.id)) {
      const retry = formPath(host, returnTo)
      return host.showMessage(ctx, 403, { kind: 'form_refused', retry })
    }
    const name = bodyField(ctx, 'name')?.trim() ?? ''
    if (!isPersonId(name)) {
      const problem = name === '' ? 'name_missing' : 'name_invalid'
      return host.showSignIn(ctx, 400, { returnTo, problem, typed: name }, session.id)
    }
    await host.sessions.signIn(ctx, { person: name, name, signedInAt: host.clock.now() })
    host.redirect(ctx, returnTo)
  },

  async signOut(ctx) {
    host.sessions.end(ctx)
    return undefined
  },
})

const formPath = ({ links }: SignInHost, returnTo: string): string =>
  `${links.signIn}?return_to=${encodeURIComponent(returnTo)}`
