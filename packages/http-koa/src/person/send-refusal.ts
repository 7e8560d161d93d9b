import type { Refusal } from '@device-grant/core'
import type { Context } from 'koa'
import { sendProblem } from '../http/problem.ts'
import { wholeSeconds } from '../http/whole-seconds.ts'

/** The `detail` of a request without a user code. */
export const NO_USER_CODE = 'user_code must be given once, as a form field or a JSON string'

/** Sends a front end the reason why a user code leaves nothing to decide. */
export const sendRefusal = (ctx: Context, refusal: Refusal): void => {
  switch (refusal.outcome) {
    case 'malformed':
      return sendProblem(ctx, 400, 'The device code is invalid or has expired.', {
        code_length: refusal.codeLength,
        code_characters: refusal.charset,
        typed_length: refusal.typedLength,
      })
    case 'invalid':
    case 'expired':
      return sendProblem(ctx, 400, 'The device code is invalid or has expired.')
    case 'already_processed': {
      const detail = 'This device code has already been processed.'
      return sendProblem(ctx, 400, detail, { your_decision: refusal.yours })
    }
    case 'contested': {
      ctx.set('Retry-After', wholeSeconds(refusal.retryAfterMs))
      return sendProblem(ctx, 400, 'Another account has this code open. Try again in two minutes.')
    }
    case 'not_admitted':
      return sendProblem(ctx, 403, 'You may not connect devices to this service.')
    case 'client_refused':
      return sendProblem(ctx, 403, 'The service does not allow what the client asks for any more.')
    case 'attempts_in_progress':
      ctx.set('Retry-After', wholeSeconds(refusal.retryAfterMs))
      return sendProblem(ctx, 429, 'Earlier codes are still being checked: try again in a moment.')
    case 'elsewhere': {
      const detail = 'The device is not known to be near you, so it cannot be approved.'
      return sendProblem(ctx, 403, detail, { blocked_by: refusal.outcome })
    }
    case 'sign_in_again': {
      const detail = 'Sign in again to approve a device.'
      return sendProblem(ctx, 403, detail, { blocked_by: refusal.outcome })
    }
    case 'too_many_attempts':
      ctx.set('Retry-After', wholeSeconds(refusal.retryAfterMs))
      return sendProblem(ctx, 429, 'Too many wrong codes, try again later.')
  }
}
