import type { AnswerReply, Decision, UseCases } from '@device-grant/core'
import { bodyField } from '../http/body-field.ts'
import type { ReportError } from '../http/report-error.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { PageResponses } from './page-responses.ts'
import { shownDevice, showRefusal } from './show-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { shownKey, type TrustedClients } from './trusted-clients.ts'
import { typedCode, verifyPath } from './typed-code.ts'

/** The parts of the form of the verification page. */
export interface VerifyFormOptions {
  readonly useCases: Pick<UseCases, 'answerUserCode'>
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
  readonly onError: ReportError
}

/** POST /oauth/device/verify: the form with which a person approves or denies. */
export const verifyForm =
  (options: VerifyFormOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, links, useCases, trustedProxies } = options
    const { person } = ctx.state
    const userCode = typedCode(bodyField(ctx, 'user_code'))
    const decision = bodyField(ctx, 'decision')
    if (userCode === undefined || (decision !== 'approve' && decision !== 'deny')) {
      const retry = verifyPath(links, userCode)
      return responses.showMessage(ctx, 400, { kind: 'bad_request', retry }, person)
    }
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const answer = { userCode, person: person.id, decision, browser } as const
    const reply = await useCases.answerUserCode(answer)
    showReply(ctx, options, userCode, decision, reply)
  }

const showReply = (
  ctx: PersonContext,
  options: VerifyFormOptions,
  typed: string,
  decision: Decision,
  reply: AnswerReply,
): void => {
  const { responses, links, trustedClients, onError } = options
  const { person } = ctx.state
  switch (reply.outcome) {
    case 'approved':
    case 'denied': {
      const view = { kind: reply.outcome, ...shownDevice(reply, trustedClients) }
      return responses.showMessage(ctx, 200, view, person)
    }
    case 'already_processed': {
      if (reply.yours !== decision) return showRefusal(ctx, options, typed, reply)
      // The same decision again: the page was reloaded.
      const kind = decision === 'approve' ? 'approved' : 'denied'
      const view = { kind, ...shownDevice(reply, trustedClients) } as const
      return responses.showMessage(ctx, 200, view, person)
    }
    case 'key_not_created':
    case 'outcome_unknown': {
      onError(reply.error, 'answer a user code', ctx)
      ctx.set('Retry-After', '5')
      const retry = verifyPath(links, typed)
      const view = { kind: reply.outcome, userCode: typed, retry }
      return responses.showMessage(ctx, 503, view, person)
    }
    case 'invalid_choice': {
      const retry = verifyPath(links, typed)
      return responses.showMessage(ctx, 400, { kind: 'bad_request', retry }, person)
    }
    case 'not_admitted': {
      const otherAccountFor = person.canSignOut ? typed : undefined
      return responses.showMessage(ctx, 403, { kind: 'not_admitted', otherAccountFor }, person)
    }
    case 'too_many_keys': {
      const { outcome: kind, leastRecentlyUsed: key } = reply
      const leastRecentlyUsed = key && shownKey(key, trustedClients)
      const view = { kind, retry: verifyPath(links, typed), leastRecentlyUsed }
      return responses.showMessage(ctx, 409, view, person)
    }
    default:
      return showRefusal(ctx, options, typed, reply)
  }
}
