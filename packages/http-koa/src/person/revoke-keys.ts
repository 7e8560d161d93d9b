import { StoreError, type UseCases } from '@device-grant/core'
import { bodyField } from '../http/body-field.ts'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import type { ReportError } from '../http/report-error.ts'
import { pathParameter } from '../http/route-table.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { DisconnectedDevice } from './disconnected-device.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'

/** The parts of the forms that revoke keys. */
export interface RevokeFormsOptions {
  readonly useCases: Pick<UseCases, 'revokeApiKey' | 'revokeAllApiKeys'>
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly disconnectedDevice: DisconnectedDevice
  readonly trustedProxies: AddressSet
  readonly onError: ReportError
}

/** DELETE /oauth/device/keys/{id}: a front end revokes a key. */
export const deleteKey =
  ({ useCases, trustedProxies }: Pick<RevokeFormsOptions, 'useCases' | 'trustedProxies'>) =>
  async (ctx: PersonContext): Promise<void> => {
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const key = { owner: ctx.state.person.id, keyId: pathParameter(ctx, 'id'), browser }
    if ((await useCases.revokeApiKey(key)) === 'no_such_key') {
      return sendProblem(ctx, 404, 'You have no such key')
    }
    ctx.status = 204
  }

/** POST /oauth/device/keys/{id}/revoke: the form of one key. */
export const revokeKeyForm =
  (options: RevokeFormsOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { useCases, responses, links, disconnectedDevice, trustedProxies } = options
    const { person } = ctx.state
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const key = { owner: person.id, keyId: pathParameter(ctx, 'id'), browser }
    await orShowUnknown(ctx, options, async () => {
      if ((await useCases.revokeApiKey(key)) === 'no_such_key') {
        const view = { kind: 'not_found', retry: links.keys } as const
        return responses.showMessage(ctx, 404, view, person)
      }
      const deviceName = bodyField(ctx, 'device_name')
      if (deviceName !== undefined) await disconnectedDevice.remember(ctx, deviceName)
      redirect(ctx, `${links.keys}?notice=revoked`)
    })
  }

/** POST /oauth/device/keys/revoke-all: the form of all keys. */
export const revokeAllForm =
  (options: RevokeFormsOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { useCases, links, trustedProxies } = options
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    await orShowUnknown(ctx, options, async () => {
      await useCases.revokeAllApiKeys(ctx.state.person.id, browser)
      redirect(ctx, `${links.keys}?notice=revoked_all`)
    })
  }

/** Sends the page "unknown whether revoked" if a store fails. */
const orShowUnknown = async (
  ctx: PersonContext,
  { responses, links, onError }: RevokeFormsOptions,
  revoke: () => Promise<void>,
): Promise<void> => {
  try {
    await revoke()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    onError(error, 'revoke keys', ctx)
    ctx.set('Retry-After', '5')
    const view = { kind: 'revocation_unknown', retry: links.keys } as const
    responses.showMessage(ctx, 503, view, ctx.state.person)
  }
}
