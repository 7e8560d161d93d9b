import type { SignInFactory } from '@device-grant/http-koa'

/** The application signs people in itself. Its own middleware has set `ctx.state.user`. */
export const ownSignIn = (): SignInFactory => (host) => ({
  async person(ctx) {
    const { user } = ctx.state
    return user && { id: user.id, name: user.fullName, binding: user.sessionId }
  },
  async begin(ctx, returnTo) {
    host.redirect(ctx, `/login?next=${encodeURIComponent(returnTo)}`)
  },
  async signOut() {
    return 'https://app.example.com/logout'
  },
})
