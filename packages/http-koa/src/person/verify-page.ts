import type { UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { PageResponses } from './page-responses.ts'
import { showRefusal } from './show-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'
import { typedCode } from './typed-code.ts'

/** The parts of the verification page. */
export interface VerifyPageOptions {
  readonly useCases: Pick<UseCases, 'reviewUserCode'>
  readonly responses: PageResponses
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
}

/** GET /oauth/device/verify (RFC 8628 sections 3.3 and 3.3.1). It decides nothing. */
export const verifyPage =
  (options: VerifyPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, useCases, trustedProxies, trustedClients } = options
    const { person } = ctx.state
    const typed = typedCode(ctx.query['user_code'])
    if (typed === undefined || !isPageView(ctx)) {
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

/**
 * Whether this is a real page view. Link scanners, prefetches, images and frames must not open the code
 * or use up an attempt.
 */
const isPageView = (ctx: Context): boolean =>
  ctx.method === 'GET' &&
  /^(document)?$/.test(ctx.get('Sec-Fetch-Dest')) &&
  !/prefetch|prerender/i.test(ctx.get('Sec-Purpose') || ctx.get('Purpose') || ctx.get('X-Moz'))
