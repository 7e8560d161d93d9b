import type { Refusal, RefusedDevice } from '@device-grant/core'
import { wholeSeconds } from '../http/whole-seconds.ts'
import type { MessageView } from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'
import type { TypedByHand } from './typed-by-hand.ts'
import { requestPath } from './typed-code.ts'
import type { WayBack } from './way-back.ts'

/** The parts of the pages that show why a user code leaves nothing to decide. */
export interface ShowRefusalOptions {
  readonly responses: PageResponses
  readonly trustedClients: TrustedClients
  readonly wayBack: WayBack
  readonly typedByHand: TypedByHand
  /** The paths as a browser sees them. */
  readonly links: Paths
}

/**
 * Sends the page that shows why a user code leaves nothing to decide.
 * @param typed the code as the person typed it
 */
export const showRefusal = async (
  ctx: PersonContext,
  { responses, trustedClients, wayBack, typedByHand, links }: ShowRefusalOptions,
  typed: string,
  refusal: Refusal,
): Promise<void> => {
  const { person } = ctx.state
  switch (refusal.outcome) {
    case 'contested':
      ctx.set('Retry-After', wholeSeconds(refusal.retryAfterMs))
      return responses.showEnterCode(ctx, 400, { typed, refusal }, person)
    case 'attempts_in_progress':
      ctx.set('Retry-After', wholeSeconds(refusal.retryAfterMs))
      return responses.showEnterCode(ctx, 429, { typed, refusal }, person)
    case 'malformed':
    case 'invalid':
      return responses.showEnterCode(ctx, 400, { typed, refusal }, person)
    case 'expired':
    case 'already_processed': {
      const granted = refusal.outcome === 'already_processed' ? refusal.granted : undefined
      const view = { kind: kindOf(refusal), ...shownDevice(refusal, trustedClients), granted }
      return responses.showMessage(ctx, 400, view, person)
    }
    case 'not_admitted': {
      const otherAccountFor = person.canSignOut ? typed : undefined
      return responses.showMessage(ctx, 403, { kind: 'not_admitted', otherAccountFor }, person)
    }
    case 'client_refused':
      return responses.showMessage(ctx, 403, { kind: 'client_refused' }, person)
    case 'elsewhere': {
      const device = shownDevice(refusal, trustedClients)
      const view = { kind: refusal.outcome, ...device, deniableCode: device.userCode }
      return responses.showMessage(ctx, 403, view, person)
    }
    case 'sign_in_again': {
      await wayBack.remember(ctx, typed, typedByHand.isTyped(ctx, person))
      const returnTo = encodeURIComponent(requestPath(ctx, links))
      const retry = `${links.signIn}?return_to=${returnTo}`
      // The code is not shown, because the person may have to read its end from the device.
      const { outcome: kind, userCode: deniableCode } = refusal
      return responses.showMessage(ctx, 403, { kind, retry, deniableCode }, person)
    }
    case 'too_many_attempts': {
      const { outcome: kind, retryAfterMs } = refusal
      ctx.set('Retry-After', wholeSeconds(retryAfterMs))
      return responses.showMessage(ctx, 429, { kind, retryAfterMs }, person)
    }
  }
}

/** A person who neither decided nor had the code open learns nothing about it. */
const kindOf = (
  refusal: Extract<Refusal, { readonly outcome: 'expired' | 'already_processed' }>,
): 'expired' | 'already_approved' | 'already_denied' | 'no_longer_valid' => {
  if (refusal.userCode === undefined) return 'no_longer_valid'
  if (refusal.outcome === 'expired') return 'expired'
  return refusal.yours === 'deny' ? 'already_denied' : 'already_approved'
}

/** What a message page shows of the device behind a code. */
const shownDevice = (
  { userCode, clientId, client }: RefusedDevice,
  trustedClients: TrustedClients,
): Pick<MessageView, 'userCode' | 'clientId' | 'client' | 'trustedName'> => ({
  userCode,
  clientId,
  client,
  trustedName: trustedNameOf(trustedClients, clientId),
})
