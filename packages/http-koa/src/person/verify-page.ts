import { isOpenedByPage, isPageView } from './page-view.ts'
import { type ShowConfirmOptions, showConfirm } from './show-confirm.ts'
import type { PersonContext } from './signed-in.ts'
import { typedCode } from './typed-code.ts'

/**
 * GET /oauth/device/verify (RFC 8628 sections 3.3 and 3.3.1). It decides nothing. If a page of another
 * origin opened it without a click, the form is filled in, and the person goes on.
 */
export const verifyPage =
  (options: ShowConfirmOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, wayBack, typedByHand } = options
    const { person } = ctx.state
    const typed = typedCode(ctx.query['user_code'])
    const isView = typed !== undefined && isPageView(ctx)
    const back = isView ? await wayBack.take(ctx, typed) : undefined
    const isTyped = back?.isTyped || typedByHand.isTyped(ctx, person)
    if (typed !== undefined && !isTyped && typedByHand.linkedCodes === 'empty') {
      return responses.showEnterCode(ctx, 200, {}, person)
    }
    if (!isView || (isOpenedByPage(ctx) && !back)) {
      return responses.showEnterCode(ctx, 200, { typed }, person)
    }
    await showConfirm(ctx, options, typed, { isTyped })
  }
