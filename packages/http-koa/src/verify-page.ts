import type { AnswerReply, UseCases, UserCodeRefusal } from '@device-grant/core'
import type { Context } from 'koa'
import { field } from './person-body.ts'
import { requestOrigin } from './request-origin.ts'
import type { Person, SignIn } from './sign-in/sign-in.ts'
import type { Site } from './site.ts'

export interface VerifyPageOptions {
  readonly site: Site
  readonly signIn: SignIn
  readonly useCases: Pick<UseCases, 'reviewUserCode' | 'answerUserCode'>
  /** Names of clients that the operator vouches for, by client id. */
  readonly trustedClients: Readonly<Record<string, string>>
  readonly onFault: (fault: unknown, what: string) => void
}

/** GET /oauth/device/verify (RFC 8628 sections 3.3 and 3.3.1). It decides nothing. */
export const verifyPage =
  (options: VerifyPageOptions) =>
  async (ctx: Context): Promise<void> => {
    const { site, signIn, useCases, trustedClients } = options
    const typed = codeOf(ctx.query['user_code'])
    const person = await signIn.person(ctx)
    if (!person) return signIn.begin(ctx, verifyPath(site, typed))
    const who = signedIn(person, signIn)
    if (typed === undefined || !isVisit(ctx)) {
      return site.showEnterCode(ctx, 200, typed === undefined ? {} : { typed }, who)
    }
    const review = await useCases.reviewUserCode({ userCode: typed, person: person.id })
    if (review.outcome !== 'pending') return refuse(ctx, options, person, typed, review)
    const personAddress = site.addressOf(ctx)
    const { clientId } = review
    const trustedName =
      clientId !== undefined && Object.hasOwn(trustedClients, clientId)
        ? trustedClients[clientId]
        : undefined
    const view = {
      pending: review,
      ...(personAddress === undefined ? {} : { personAddress }),
      ...(trustedName === undefined ? {} : { trustedName }),
    }
    site.show(ctx, 200, site.pages.confirm(site.pageContext(ctx, who), view))
  }

/** POST /oauth/device/verify: the answer of the form. */
export const verifyForm =
  (options: VerifyPageOptions) =>
  async (ctx: Context): Promise<void> => {
    const { site, signIn, useCases } = options
    const typed = codeOf(field(ctx, 'user_code'))
    const retry = verifyPath(site, typed)
    const decision = field(ctx, 'decision')
    const person = await signIn.person(ctx)
    const who = person && signedIn(person, signIn)
    if (!site.isOwnForm(ctx, person)) {
      return site.showMessage(ctx, 403, { kind: 'form_refused', retry }, who)
    }
    if (!person) return site.showMessage(ctx, 401, { kind: 'session_ended', retry })
    if (typed === undefined || (decision !== 'approve' && decision !== 'deny')) {
      return site.showMessage(ctx, 400, { kind: 'bad_request', retry }, who)
    }
    const origin = requestOrigin(ctx.req, site.trustedProxies)
    const reply = await useCases.answerUserCode({
      userCode: typed,
      person: person.id,
      decision,
      origin,
    })
    answer(ctx, options, person, typed, reply)
  }

const answer = (
  ctx: Context,
  options: VerifyPageOptions,
  person: Person,
  typed: string,
  reply: AnswerReply,
): void => {
  const { site, signIn, onFault } = options
  const who = signedIn(person, signIn)
  switch (reply.outcome) {
    case 'approved':
    case 'denied':
      return site.showMessage(ctx, 200, { kind: reply.outcome, userCode: typed }, who)
    case 'key_not_created':
    case 'unknown': {
      onFault(reply.fault, 'answer a user code')
      ctx.set('Retry-After', '5')
      const kind = reply.outcome === 'unknown' ? 'unknown_outcome' : 'key_not_created'
      const retry = verifyPath(site, typed)
      return site.showMessage(ctx, 503, { kind, userCode: typed, retry }, who)
    }
    default:
      return refuse(ctx, options, person, typed, reply)
  }
}

const refuse = (
  ctx: Context,
  { site, signIn }: VerifyPageOptions,
  person: Person,
  typed: string,
  refusal: UserCodeRefusal,
): void => {
  const who = signedIn(person, signIn)
  switch (refusal.outcome) {
    case 'invalid': {
      const { triesLeft } = refusal
      return site.showEnterCode(ctx, 400, { typed, problem: 'invalid', triesLeft }, who)
    }
    case 'expired':
      return site.showMessage(ctx, 400, { kind: 'expired', userCode: typed }, who)
    case 'already_processed': {
      const yours = refusal.yours === undefined ? {} : { yours: refusal.yours }
      return site.showMessage(
        ctx,
        400,
        { kind: 'already_processed', userCode: typed, ...yours },
        who,
      )
    }
    case 'too_many_wrong_codes':
      return site.showMessage(ctx, 429, { kind: 'too_many_wrong_codes' }, who)
  }
}

/** What pages know of somebody who is signed in. */
export const signedIn = (
  person: Person,
  signIn: SignIn,
): Person & { readonly canSignOut: boolean } => ({
  ...person,
  canSignOut: signIn.signOut !== undefined,
})

const MAX_TYPED = 64

/** What was typed, cut to where it cannot be a code any more, and fit for a URL. */
const codeOf = (typed: unknown): string | undefined =>
  typeof typed === 'string' && typed !== ''
    ? typed.slice(0, MAX_TYPED + 1).replace(/\p{Surrogate}/gu, '\ufffd')
    : undefined

const verifyPath = (site: Site, typed: string | undefined): string =>
  typed === undefined
    ? site.links.verify
    : `${site.links.verify}?user_code=${encodeURIComponent(typed)}`

/**
 * Whether somebody has come to see the page. A program on the look-out, a prefetch, an image or a frame
 * opens no code and costs no try.
 */
const isVisit = (ctx: Context): boolean =>
  ctx.method === 'GET' &&
  /^(document)?$/.test(ctx.get('Sec-Fetch-Dest')) &&
  !/prefetch|prerender/i.test(ctx.get('Sec-Purpose') || ctx.get('Purpose') || ctx.get('X-Moz'))
