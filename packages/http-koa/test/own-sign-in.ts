import type { SignInFactory } from '@device-grant/http-koa'

/** A user of the application. */
interface User {
  readonly id: number
  readonly fullName: string
  readonly sessionId: string
}

/** The application signs people in itself. Its own middleware has set `ctx.state.user`. */
export const ownSignIn = (): SignInFactory => (host) => ({
  async person(ctx) {
    const user: User | undefined = ctx.state['user']
    return user && { id: String(user.id), name: user.fullName, binding: user.sessionId }
  },
  async begin(ctx, returnTo, { otherAccount = false } = {}) {
    const path = otherAccount ? '/login/other-account' : '/login'
    host.redirect(ctx, `${path}?next=${encodeURIComponent(returnTo)}`)
  },
  async signOut() {
    return 'https://app.example.com/logout'
  },
})
