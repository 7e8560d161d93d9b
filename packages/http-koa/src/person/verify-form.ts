import {
  type AnswerReply,
  isRepeatedAnswer,
  type RefusedDevice,
  type UseCases,
} from '@device-grant/core'
import { bodyField } from '../http/body-field.ts'
import { redirect } from '../http/redirect.ts'
import type { ReportError } from '../http/report-error.ts'
import type { Choices } from '../pages/pages.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { Denial, Denials } from './denial.ts'
import type { PageLanguage } from './page-language.ts'
import { readFormChoices } from './read-choices.ts'
import { type ShowConfirmOptions, showConfirm } from './show-confirm.ts'
import { showRefusal } from './show-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { nameOfProgram, shownKey } from './trusted-clients.ts'
import { requestPath, typedCode } from './typed-code.ts'

/** The parts of the form of the verification page. */
export interface VerifyFormOptions extends ShowConfirmOptions {
  readonly useCases: Pick<UseCases, 'reviewUserCode' | 'answerUserCode'>
  readonly language: PageLanguage
  readonly denials: Denials
  readonly onError: ReportError
}

/** What a person sent with the form. */
interface SentAnswer {
  /** The code as the person typed it. */
  readonly typed: string
  readonly decision: 'approve' | 'deny'
  /** Whether the person did not start the login. */
  readonly isReported: boolean
  readonly choices: Choices
}

/**
 * POST /oauth/device/verify: the form with which a person approves or denies. It leads to a page that can be
 * loaded again. `decision` is `report` if the person did not start the login.
 */
export const verifyForm =
  (options: VerifyFormOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, links, useCases, trustedProxies } = options
    const { person } = ctx.state
    const typed = typedCode(bodyField(ctx, 'user_code'))
    const sent = bodyField(ctx, 'decision')
    const isReported = sent === 'report'
    const decision = isReported ? 'deny' : sent
    // A denial grants nothing, so there is nothing to choose.
    const read = decision === 'approve' ? readFormChoices(ctx) : NO_CHOICES
    if (typed === undefined || (decision !== 'approve' && decision !== 'deny') || !read.ok) {
      const retry = requestPath(ctx, links)
      return responses.showMessage(ctx, 400, { kind: 'bad_request', retry }, person)
    }
    const { choices } = read
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const { id, email, signedInAt } = person
    const by = { person: id, email, signedInAt, browser }
    const answer = { ...choices, ...by, userCode: typed, decision, isReported } as const
    const reply = await useCases.answerUserCode(answer)
    await showReply(ctx, options, { typed, decision, isReported, choices }, reply)
  }

const NO_CHOICES = { ok: true, choices: {} } as const

const showReply = async (
  ctx: PersonContext,
  options: VerifyFormOptions,
  { typed, decision, isReported, choices }: SentAnswer,
  reply: AnswerReply,
): Promise<void> => {
  const { responses, links, language, denials, trustedClients, onError } = options
  const { person } = ctx.state
  const denialOf = ({ userCode, clientId, client }: RefusedDevice): Denial => {
    const programName = nameOfProgram({ client, clientId }, trustedClients, language.of(ctx))
    return { userCode, clientId, programName, isReported }
  }
  switch (reply.outcome) {
    case 'approved':
      return redirect(ctx, `${links.keys}/${reply.keyId}`)
    case 'denied':
      return redirect(ctx, denials.pathOf(person.id, denialOf(reply)))
    case 'already_processed': {
      const { granted } = reply
      if (isReported && granted) {
        const denial = { ...denialOf(reply), approvedKeyId: granted.keyId }
        return redirect(ctx, denials.pathOf(person.id, denial))
      }
      if (!isRepeatedAnswer(reply, { decision, ...choices })) {
        return showRefusal(ctx, options, typed, reply)
      }
      // The form was sent twice.
      if (granted) return redirect(ctx, `${links.keys}/${granted.keyId}`)
      return redirect(ctx, denials.pathOf(person.id, denialOf(reply)))
    }
    case 'key_not_created':
    case 'outcome_unknown': {
      if (reply.error) onError(reply.error, 'answer a user code', ctx)
      ctx.set('Retry-After', '5')
      const retry = requestPath(ctx, links)
      const view = { kind: reply.outcome, userCode: typed, retry }
      return responses.showMessage(ctx, 503, view, person)
    }
    case 'invalid_choice': {
      const isTyped = options.typedByHand.isTyped(ctx, person)
      const problem = choices.scopes?.length === 0 ? 'no_scope' : reply.choice
      return showConfirm(ctx, options, typed, { problem, chosen: choices, isTyped })
    }
    case 'too_many_keys': {
      const { outcome: kind, leastRecentlyUsed: key } = reply
      const leastRecentlyUsed = key && shownKey(key, trustedClients)
      const view = { kind, retry: requestPath(ctx, links), leastRecentlyUsed }
      return responses.showMessage(ctx, 409, view, person)
    }
    default:
      return showRefusal(ctx, options, typed, reply)
  }
}
