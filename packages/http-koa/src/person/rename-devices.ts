import { MAX_DEVICE_NAME, type UseCases } from '@device-grant/core'
import { bodyValue } from '../http/body-field.ts'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import { pathParameter } from '../http/route-table.ts'
import { keyAnchor } from '../pages/keys-query.ts'
import type { Notices } from './notices.ts'
import { type OrShowUnknownOptions, orShowUnknown } from './or-show-unknown.ts'
import { backPath } from './read-keys-query.ts'
import type { PersonContext } from './signed-in.ts'

/** The parts of the form that renames the device of a key. */
export interface RenameFormOptions extends OrShowUnknownOptions {
  readonly useCases: Pick<UseCases, 'renameDevice'>
  readonly notices: Notices
}

/** PATCH /oauth/device/keys/{id}: a front end gives the device of a key another name. */
export const patchKey =
  ({ useCases }: { readonly useCases: Pick<UseCases, 'renameDevice'> }) =>
  async (ctx: PersonContext): Promise<void> => {
    const deviceName = bodyValue(ctx, 'device_name')
    if (typeof deviceName !== 'string') {
      const detail = 'device_name must be given once, as a form field or a JSON string'
      return sendProblem(ctx, 400, detail)
    }
    const device = { owner: ctx.state.person.id, keyId: pathParameter(ctx, 'id'), deviceName }
    const { outcome } = await useCases.renameDevice(device)
    switch (outcome) {
      case 'renamed':
        ctx.status = 204
        return
      case 'no_such_key':
        return sendProblem(ctx, 404, 'You have no such key')
      case 'device_name_too_long': {
        const detail = `device_name is longer than ${MAX_DEVICE_NAME} characters`
        return sendProblem(ctx, 400, detail)
      }
    }
  }

/** POST /oauth/device/keys/{id}/rename: the form of one key. */
export const renameKeyForm =
  (options: RenameFormOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { useCases, responses, notices, links } = options
    const { person } = ctx.state
    const retry = links.keys
    const deviceName = bodyValue(ctx, 'device_name')
    if (typeof deviceName !== 'string') {
      return responses.showMessage(ctx, 400, { kind: 'bad_request', retry }, person)
    }
    const device = { owner: person.id, keyId: pathParameter(ctx, 'id'), deviceName }
    await orShowUnknown(ctx, options, RENAMING, async () => {
      const { outcome } = await useCases.renameDevice(device)
      switch (outcome) {
        case 'renamed':
          await notices.remember(ctx, { kind: 'renamed' })
          return redirect(ctx, `${backPath(ctx, links)}#${keyAnchor(device.keyId)}`)
        case 'no_such_key':
          return responses.showMessage(ctx, 404, { kind: 'not_found', retry }, person)
        case 'device_name_too_long': {
          const rename = { keyId: device.keyId, deviceName }
          return responses.showMessage(ctx, 400, { kind: outcome, rename, retry }, person)
        }
      }
    })
  }

const RENAMING = { kind: 'renaming_unknown', operation: 'rename a device' } as const
