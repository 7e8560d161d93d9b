import type { Refusal, RefusedDevice } from '@device-grant/core'
import type { MessageView } from '../pages/pages.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'

/** The parts of the pages that show why a user code leaves nothing to decide. */
export interface ShowRefusalOptions {
  readonly responses: PageResponses
  readonly trustedClients: TrustedClients
}

/**
 * Sends the page that shows why a user code leaves nothing to decide.
 * @param typed the code as the person typed it
 */
export const showRefusal = (
  ctx: PersonContext,
  { responses, trustedClients }: ShowRefusalOptions,
  typed: string,
  refusal: Refusal,
): void => {
  const { person } = ctx.state
  switch (refusal.outcome) {
    case 'invalid': {
      const { outcome: problem, attemptsLeft, retryAfterMs } = refusal
      const view = { typed, problem, attemptsLeft, retryAfterMs }
      return responses.showEnterCode(ctx, 400, view, person)
    }
    case 'expired': {
      const view = { kind: refusal.outcome, ...shownDevice(refusal, trustedClients) }
      return responses.showMessage(ctx, 400, view, person)
    }
    case 'already_processed': {
      const { outcome: kind, yours } = refusal
      // Of a code that another person decided, the page shows only what this person typed.
      const device =
        yours === undefined ? { userCode: typed } : shownDevice(refusal, trustedClients)
      return responses.showMessage(ctx, 400, { kind, yours, ...device }, person)
    }
    case 'too_many_attempts': {
      const { outcome: kind, retryAfterMs } = refusal
      ctx.set('Retry-After', String(Math.ceil(retryAfterMs / 1_000)))
      return responses.showMessage(ctx, 429, { kind, retryAfterMs }, person)
    }
  }
}

/** What a message page shows of the device behind a code. */
export const shownDevice = (
  { userCode, clientId }: RefusedDevice,
  trustedClients: TrustedClients,
): Pick<MessageView, 'userCode' | 'clientId' | 'trustedName'> => ({
  userCode,
  clientId,
  trustedName: trustedNameOf(trustedClients, clientId),
})
