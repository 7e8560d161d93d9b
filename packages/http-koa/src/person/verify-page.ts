import type { UseCases } from '@device-grant/core'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { PageResponses } from './page-responses.ts'
import { isOpenedByPage, isPageView } from './page-view.ts'
import { showRefusal } from './show-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'
import { typedCode } from './typed-code.ts'
import type { WayBack } from './way-back.ts'

/** The parts of the verification page. */
export interface VerifyPageOptions {
  readonly useCases: Pick<UseCases, 'reviewUserCode'>
  readonly responses: PageResponses
  readonly wayBack: WayBack
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
}

/**
 * GET /oauth/device/verify (RFC 8628 sections 3.3 and 3.3.1). It decides nothing. If a page of another
 * origin opened it without a click, the form is filled in, and the person goes on.
 */
export const verifyPage =
  (options: VerifyPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, useCases, wayBack, trustedProxies, trustedClients } = options
    const { person } = ctx.state
    const typed = typedCode(ctx.query['user_code'])
    if (typed === undefined || !isPageView(ctx)) {
      return responses.showEnterCode(ctx, 200, { typed }, person)
    }
    const isWayBack = await wayBack.take(ctx, typed)
    if (isOpenedByPage(ctx) && !isWayBack) {
      return responses.showEnterCode(ctx, 200, { typed }, person)
    }
    const review = await useCases.reviewUserCode({ userCode: typed, person: person.id })
    if (review.outcome !== 'pending') return showRefusal(ctx, options, typed, review)
    const view = {
      pending: review,
      browser: deviceInfoOf(ctx.req, trustedProxies),
      trustedName: trustedNameOf(trustedClients, review.request.clientId),
    }
    responses.showConfirm(ctx, view, person)
  }
