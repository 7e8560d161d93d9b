import type { UseCases } from '@device-grant/core'
import { bodyField } from '../http/body-field.ts'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import { pathParameter } from '../http/route-table.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { DisconnectedDevice } from './disconnected-device.ts'
import { type OrShowUnknownOptions, orShowUnknown } from './or-show-unknown.ts'
import type { PersonContext } from './signed-in.ts'

/** The parts of the forms that revoke keys. */
export interface RevokeFormsOptions extends OrShowUnknownOptions {
  readonly useCases: Pick<UseCases, 'revokeApiKey' | 'revokeAllApiKeys'>
  readonly disconnectedDevice: DisconnectedDevice
  readonly trustedProxies: AddressSet
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
    await orShowUnknown(ctx, options, REVOKING, async () => {
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
    await orShowUnknown(ctx, options, REVOKING, async () => {
      await useCases.revokeAllApiKeys(ctx.state.person.id, browser)
      redirect(ctx, `${links.keys}?notice=revoked_all`)
    })
  }

const REVOKING = { kind: 'revocation_unknown', operation: 'revoke keys' } as const
