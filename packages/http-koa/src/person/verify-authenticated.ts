import type { AnswerReply, UseCases } from '@device-grant/core'
import { bodyField, bodyValue } from '../http/body-field.ts'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import type { ReportError } from '../http/report-error.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import { CHOICES, readChoices } from './read-choices.ts'
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
    const sent = bodyValue(ctx, 'decision')
    const decision = sent === undefined ? 'approve' : sent
    if (decision !== 'approve' && decision !== 'deny') {
      return sendProblem(ctx, 400, 'decision must be approve or deny')
    }
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const { id: person, email, signedInAt } = ctx.state.person
    // A denial grants nothing, so there is nothing to choose.
    const read = decision === 'approve' ? readChoices(ctx) : NO_CHOICES
    if (!read.ok) return sendProblem(ctx, 400, read.detail)
    const by = { person, email, signedInAt, browser }
    const answer = { ...read.choices, ...by, userCode, decision } as const
    const reply = await useCases.answerUserCode(answer)
    if ('error' in reply && reply.error) onError(reply.error, 'answer a user code', ctx)
    sendReply(ctx, reply)
  }

const NO_CHOICES = { ok: true, choices: {} } as const

const sendReply = (ctx: PersonContext, reply: AnswerReply): void => {
  switch (reply.outcome) {
    case 'approved':
      return sendJson(ctx, {
        message: 'Device authorized successfully!',
        device_name: reply.deviceName,
      })
    case 'denied':
      return sendJson(ctx, { message: 'Device denied.' })
    case 'too_many_keys':
      return sendProblem(ctx, 409, 'Too many connected devices. Disconnect one first.', {
        least_recently_used: reply.leastRecentlyUsed?.id,
      })
    case 'invalid_choice':
      return sendProblem(ctx, 400, CHOICES[reply.choice])
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
