import type { AnswerReply, OnError, Refusal, RefusedDevice, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { field } from '../http/parsed-body.ts'
import { returnPath } from '../http/return-path.ts'
import type { MessageView } from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { Person } from '../sign-in/person.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { Site } from './site.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'

export interface VerifyPageOptions {
  readonly site: Site
  readonly signIn: SignIn
  readonly useCases: Pick<UseCases, 'reviewUserCode' | 'answerUserCode'>
  readonly trustedClients: TrustedClients
  readonly onError: OnError
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
    const view = {
      pending: review,
      ...(personAddress === undefined ? {} : { personAddress }),
      ...trustedNameOf(trustedClients, review.request.clientId),
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
    const browser = deviceInfoOf(ctx.req, site.trustedProxies)
    const reply = await useCases.answerUserCode({
      userCode: typed,
      person: person.id,
      decision,
      browser,
    })
    answer(ctx, options, person, typed, decision, reply)
  }

const answer = (
  ctx: Context,
  options: VerifyPageOptions,
  person: Person,
  typed: string,
  decision: 'approve' | 'deny',
  reply: AnswerReply,
): void => {
  const { site, signIn, trustedClients, onError } = options
  const who = signedIn(person, signIn)
  switch (reply.outcome) {
    case 'approved':
    case 'denied':
      return site.showMessage(
        ctx,
        200,
        { kind: reply.outcome, ...named(reply, trustedClients) },
        who,
      )
    case 'already_processed': {
      if (reply.yours !== decision) return refuse(ctx, options, person, typed, reply)
      // The same answer once more: the page was loaded again.
      const kind = decision === 'approve' ? 'approved' : 'denied'
      return site.showMessage(ctx, 200, { kind, ...named(reply, trustedClients) }, who)
    }
    case 'key_not_created':
    case 'outcome_unknown': {
      onError(reply.error, 'answer a user code')
      ctx.set('Retry-After', '5')
      const kind = reply.outcome === 'outcome_unknown' ? 'unknown_outcome' : 'key_not_created'
      const retry = verifyPath(site, typed)
      return site.showMessage(ctx, 503, { kind, userCode: typed, retry }, who)
    }
    default:
      return refuse(ctx, options, person, typed, reply)
  }
}

const refuse = (
  ctx: Context,
  { site, signIn, trustedClients }: VerifyPageOptions,
  person: Person,
  typed: string,
  refusal: Refusal,
): void => {
  const who = signedIn(person, signIn)
  switch (refusal.outcome) {
    case 'invalid': {
      const { outcome: problem, ...tries } = refusal
      return site.showEnterCode(ctx, 400, { typed, problem, ...tries }, who)
    }
    case 'expired':
      return site.showMessage(ctx, 400, { kind: 'expired', ...named(refusal, trustedClients) }, who)
    case 'already_processed': {
      const { outcome: kind, yours } = refusal
      // Of somebody else's code this person is shown only what they typed themselves.
      const view =
        yours === undefined
          ? { kind, userCode: typed }
          : { kind, yours, ...named(refusal, trustedClients) }
      return site.showMessage(ctx, 400, view, who)
    }
    case 'too_many_attempts': {
      const { outcome: kind, retryAfterMs } = refusal
      ctx.set('Retry-After', String(Math.ceil(retryAfterMs / 1_000)))
      return site.showMessage(ctx, 429, { kind, retryAfterMs }, who)
    }
  }
}

/** What a page shows of the device that a code belongs to. */
const named = (
  { userCode, clientId }: RefusedDevice,
  trustedClients: TrustedClients,
): Pick<MessageView, 'userCode' | 'clientId' | 'trustedName'> => ({
  userCode,
  ...(clientId === undefined ? {} : { clientId }),
  ...trustedNameOf(trustedClients, clientId),
})

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

/** Where a request leads again after an error: to the same code, to the list, to the sign-in's goal. */
export const wayBack = (ctx: Context, site: Site, paths: Paths): string => {
  if (ctx.path === paths.keys || ctx.path.startsWith(`${paths.keys}/`)) return site.links.keys
  const sent = (name: string): unknown =>
    ctx.method === 'POST' ? field(ctx, name) : ctx.query[name]
  if (ctx.path.startsWith(paths.signIn)) {
    return returnPath(sent('return_to'), site.base, site.links.verify)
  }
  return verifyPath(site, codeOf(sent('user_code')))
}

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
