import type { AnswerReply, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { bodyField } from '../http/body-field.ts'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import type { ReportError } from '../http/report-error.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import { NO_USER_CODE, sendRefusal } from './send-refusal.ts'
import type { PersonContext } from './signed-in.ts'

/** The parts of the endpoint with which a front end approves or denies. */
export interface VerifyAuthenticatedOptions {
  readonly useCases: Pick<UseCases, 'answerUserCode'>
  readonly trustedProxies: AddressSet
  readonly onError: ReportError
}

/** POST /oauth/device/verify-authenticated: the person's decision, sent by a front end. */
export const verifyAuthenticated =
  ({ useCases, trustedProxies, onError }: VerifyAuthenticatedOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const userCode = bodyField(ctx, 'user_code')
    if (userCode === undefined) return sendProblem(ctx, 400, NO_USER_CODE)
    const decision = isSent(ctx, 'decision') ? bodyField(ctx, 'decision') : 'approve'
    if (decision !== 'approve' && decision !== 'deny') {
      return sendProblem(ctx, 400, 'decision must be approve or deny')
    }
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const person = ctx.state.person.id
    const reply = await useCases.answerUserCode({ userCode, person, decision, browser })
    if ('error' in reply) onError(reply.error, 'answer a user code', ctx)
    sendReply(ctx, reply)
  }

/** Whether the body has a field that is not empty, of whatever type. */
const isSent = (ctx: Context, name: string): boolean => {
  const body: unknown = ctx.request.body
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return false
  return (body as Readonly<Record<string, unknown>>)[name] !== ''
}

const CHOICES = {
  scopes: 'scope must be some of the requested scopes, and all required ones',
  lifetime: 'lifetime must be one of the offered ones, in seconds',
  device_name: 'device_name is longer than 64 characters',
  replaces: 'replaces must be the id of your key of the same client',
} as const

const sendReply = (ctx: Context, reply: AnswerReply): void => {
  switch (reply.outcome) {
    case 'approved':
      return sendJson(ctx, { message: 'Device authorized successfully!' })
    case 'denied':
      return sendJson(ctx, { message: 'Device denied.' })
    case 'too_many_keys':
      return sendProblem(ctx, 409, 'Too many connected devices. Disconnect one first.', {
        least_recently_used: reply.leastRecentlyUsed?.id,
      })
    case 'invalid_choice':
      return sendProblem(ctx, 400, CHOICES[reply.choice])
    case 'not_admitted':
      return sendProblem(ctx, 403, 'You may not connect devices to this service.')
    case 'key_not_created':
      ctx.set('Retry-After', '5')
      return sendProblem(ctx, 503, 'Failed to create API key for device access.')
    case 'outcome_unknown':
      ctx.set('Retry-After', '5')
      return sendProblem(ctx, 503, 'The outcome is unknown: try again.')
    default:
      return sendRefusal(ctx, reply)
  }
}
