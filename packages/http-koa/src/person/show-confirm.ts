import type { UseCases } from '@device-grant/core'
import type { DescribeAddresses } from '../http/describe-addresses.ts'
import type { ConfirmView } from '../pages/pages.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import { type ShowRefusalOptions, showRefusal } from './show-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { trustedNameOf } from './trusted-clients.ts'

/** The parts of the page that asks for a decision. */
export interface ShowConfirmOptions extends ShowRefusalOptions {
  readonly useCases: Pick<UseCases, 'reviewUserCode'>
  readonly trustedProxies: AddressSet
  readonly describeAddresses: DescribeAddresses
}

/**
 * Sends the request behind a code with its two buttons, or the page that says why there is none.
 * @param typed the code as the person typed it
 * @param more whether they typed it on our page, and why the approval that they sent was refused
 */
export const showConfirm = async (
  ctx: PersonContext,
  options: ShowConfirmOptions,
  typed: string,
  { isTyped, ...refused }: Pick<ConfirmView, 'problem' | 'chosen'> & { readonly isTyped: boolean },
): Promise<void> => {
  const { useCases, responses, trustedProxies, trustedClients, describeAddresses } = options
  const { typedByHand } = options
  const { person } = ctx.state
  const browser = deviceInfoOf(ctx.req, trustedProxies)
  const { id, email, signedInAt } = person
  const by = { person: id, email, signedInAt, browser }
  const review = await useCases.reviewUserCode({ userCode: typed, ...by })
  if (review.outcome !== 'pending') return showRefusal(ctx, options, typed, review)
  const { address } = review.request.device
  const places = await describeAddresses(ctx, [address, browser.address])
  const view = {
    places,
    pending: review,
    browser,
    typedMark: isTyped ? typedByHand.markFor(person.binding) : undefined,
    trustedName: trustedNameOf(trustedClients, review.request.clientId),
    ...refused,
  }
  responses.showConfirm(ctx, refused.problem === undefined ? 200 : 400, view, person)
}
