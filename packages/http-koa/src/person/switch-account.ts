import type { UseCases } from '@device-grant/core'
import type { ParameterizedContext } from 'koa'
import { bodyField } from '../http/body-field.ts'
import type { Paths } from '../paths.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'
import type { SignedInPerson } from './signed-in.ts'
import type { TypedByHand } from './typed-by-hand.ts'
import { requestPath, typedCode } from './typed-code.ts'
import type { WayBack } from './way-back.ts'

/** The parts of the form with which a person chooses another account. */
export interface SwitchAccountOptions {
  readonly useCases: Pick<UseCases, 'releaseUserCode'>
  readonly signIn: SignIn
  readonly responses: PageResponses
  readonly wayBack: WayBack
  readonly typedByHand: TypedByHand
  /** The paths as a browser sees them. */
  readonly links: Paths
}

/**
 * POST /oauth/device/switch-account: lets the code go, so that the other account can open it at once, and
 * signs in again. The sign-in leads back to the code. A person who is not admitted has no session. No
 * token protects the form then, so it marks no way back.
 */
export const switchAccountForm =
  ({ useCases, signIn, responses, wayBack, typedByHand, links }: SwitchAccountOptions) =>
  async (ctx: ParameterizedContext<{ person?: SignedInPerson }>): Promise<void> => {
    const { person } = ctx.state
    if (!signIn.signOut) return responses.showMessage(ctx, 404, { kind: 'not_found' }, person)
    const typed = typedCode(bodyField(ctx, 'user_code'))
    if (person && typed !== undefined) {
      await useCases.releaseUserCode({ userCode: typed, person: person.id })
      await wayBack.remember(ctx, typed, typedByHand.isTyped(ctx, person))
    }
    await signIn.begin(ctx, requestPath(ctx, links), { otherAccount: true })
    const location = ctx.response.get('Location')
    if (ctx.status >= 300 && ctx.status < 400 && location) {
      ctx.remove('Location')
      responses.showLeaving(ctx, 'switching_account', location)
    }
  }
