import type { SignInFactory } from '@device-grant/http-koa'

/** People are signed in by the application around; its own middleware has put them into `ctx.state`. */
export const ownSignIn = (): SignInFactory => (site) => ({
  async person(ctx) {
    const { user } = ctx.state
    return user && { id: user.id, name: user.fullName, binding: user.sessionId }
  },
  async begin(ctx, returnTo) {
    site.goTo(ctx, `/login?next=${encodeURIComponent(returnTo)}`)
  },
  async signOut() {
    return 'https://app.example.com/logout'
  },
})
