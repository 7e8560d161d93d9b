import type { AnswerReply, OnError, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson } from '../http/oauth-error.ts'
import { field } from '../http/parsed-body.ts'
import { sendProblem } from '../http/problem.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { Site } from './site.ts'

export interface VerifyAuthenticatedOptions {
  readonly site: Site
  readonly signIn: SignIn
  readonly useCases: Pick<UseCases, 'answerUserCode'>
  readonly onError: OnError
}

/** POST /oauth/device/verify-authenticated: a decision from a front end of one's own. */
export const verifyAuthenticated =
  ({ site, signIn, useCases, onError }: VerifyAuthenticatedOptions) =>
  async (ctx: Context): Promise<void> => {
    if (!site.isOwnRequest(ctx))
      return sendProblem(ctx, 403, 'This origin may not answer for people')
    const person = await signIn.person(ctx)
    if (!person) return sendProblem(ctx, 401, 'Authentication required')
    const userCode = field(ctx, 'user_code')
    if (userCode === undefined) {
      return sendProblem(ctx, 400, 'user_code must be given once, as a form field or a JSON string')
    }
    const given = isGiven(ctx, 'decision')
    const decision = given ? field(ctx, 'decision') : 'approve'
    if (decision !== 'approve' && decision !== 'deny') {
      return sendProblem(ctx, 400, 'decision must be approve or deny')
    }
    const browser = deviceInfoOf(ctx.req, site.trustedProxies)
    const reply = await useCases.answerUserCode({ userCode, person: person.id, decision, browser })
    if ('error' in reply) onError(reply.error, 'answer a user code')
    answer(ctx, reply)
  }

const isGiven = (ctx: Context, name: string): boolean => {
  const body: unknown = ctx.request.body
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return false
  return (body as Readonly<Record<string, unknown>>)[name] !== ''
}

const answer = (ctx: Context, reply: AnswerReply): void => {
  switch (reply.outcome) {
    case 'approved':
      return sendJson(ctx, { message: 'Device authorized successfully!' })
    case 'denied':
      return sendJson(ctx, { message: 'Device denied.' })
    case 'invalid':
    case 'expired':
      return sendProblem(ctx, 400, 'The device code is invalid or has expired.')
    case 'already_processed':
      return sendProblem(
        ctx,
        400,
        'This device code has already been processed.',
        reply.yours === undefined ? {} : { your_decision: reply.yours },
      )
    case 'too_many_attempts':
      ctx.set('Retry-After', String(Math.ceil(reply.retryAfterMs / 1_000)))
      return sendProblem(ctx, 429, 'Too many wrong codes, try again later.')
    case 'key_not_created':
      ctx.set('Retry-After', '5')
      return sendProblem(ctx, 503, 'Failed to create API key for device access.')
    case 'outcome_unknown':
      ctx.set('Retry-After', '5')
      return sendProblem(ctx, 503, 'The outcome is unknown: try again.')
  }
}
