import { field } from '../http/parsed-body.ts'
import { returnPath } from '../http/return-path.ts'
import type { Site } from '../person/site.ts'
import { isPersonId } from './person.ts'
import type { SignInFactory } from './sign-in.ts'

/** Asks for a name and believes it. For a look around, and for nothing else. */
export const demoSignIn = (): SignInFactory => (site) => ({
  async person(ctx) {
    const session = await site.sessions.read(ctx)
    if (session?.person === undefined) return undefined
    return { id: session.person, name: session.person, binding: session.id }
  },

  async begin(ctx, returnTo) {
    site.goTo(ctx, formFor(site, returnTo))
  },

  async handle(ctx, rest) {
    if (rest !== '') return site.showMessage(ctx, 404, { kind: 'not_found' })
    const wanted = ctx.method === 'POST' ? field(ctx, 'return_to') : ctx.query['return_to']
    const returnTo = returnPath(wanted, site.base, site.links.verify)
    if (ctx.method !== 'POST') {
      const { id } = await site.sessions.ensure(ctx)
      const context = site.pageContext(ctx, { binding: id })
      return site.show(ctx, 200, site.pages.signIn(context, { returnTo }))
    }
    // No new session here: a form of another site comes without its cookie, and would end the old one.
    const session = await site.sessions.read(ctx)
    if (!session || !site.isOwnForm(ctx, { binding: session.id })) {
      return site.showMessage(ctx, 403, { kind: 'form_refused', retry: formFor(site, returnTo) })
    }
    const name = field(ctx, 'name')?.trim()
    if (name === undefined || !isPersonId(name)) {
      const context = site.pageContext(ctx, { binding: session.id })
      return site.show(ctx, 400, site.pages.signIn(context, { returnTo, problem: 'name_missing' }))
    }
    await site.sessions.signIn(ctx, { person: name, name })
    site.goTo(ctx, returnTo)
  },

  async signOut(ctx) {
    site.sessions.end(ctx)
    return undefined
  },
})

const formFor = ({ links }: Site, returnTo: string): string =>
  `${links.signIn}?return_to=${encodeURIComponent(returnTo)}`
