import type { UseCases } from '@device-grant/core'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import { pathParameter } from '../http/route-table.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { Notices } from './notices.ts'
import { type OrShowUnknownOptions, orShowUnknown } from './or-show-unknown.ts'
import type { PageLanguage } from './page-language.ts'
import { backPath } from './read-keys-query.ts'
import type { PersonContext } from './signed-in.ts'
import { nameOfProgram, type TrustedClients } from './trusted-clients.ts'

/** The parts of the forms that revoke keys. */
export interface RevokeFormsOptions extends OrShowUnknownOptions {
  readonly useCases: Pick<UseCases, 'readApiKey' | 'revokeApiKey' | 'revokeAllApiKeys'>
  readonly notices: Notices
  readonly language: PageLanguage
  readonly trustedClients: TrustedClients
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
    const { useCases, responses, links, notices, trustedProxies } = options
    const { person } = ctx.state
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    const key = { owner: person.id, keyId: pathParameter(ctx, 'id'), browser }
    await orShowUnknown(ctx, options, REVOKING, async () => {
      const deviceName = await nameOf(ctx, options, key)
      if ((await useCases.revokeApiKey(key)) === 'no_such_key') {
        const view = { kind: 'not_found', retry: links.keys } as const
        return responses.showMessage(ctx, 404, view, person)
      }
      await notices.remember(ctx, { kind: 'revoked', deviceName })
      redirect(ctx, backPath(ctx, links))
    })
  }

/** What a person calls the device of a key: its name, or else the name of its program. */
const nameOf = async (
  ctx: PersonContext,
  { useCases, language, trustedClients }: RevokeFormsOptions,
  request: { readonly owner: string; readonly keyId: string },
): Promise<string | undefined> => {
  const found = await useCases.readApiKey(request)
  if (!found) return undefined
  const { deviceName, client, request: asked } = found.key
  const { clientId } = asked
  const locale = language.of(ctx)
  return deviceName ?? nameOfProgram({ client, clientId }, trustedClients, locale) ?? clientId
}

/** POST /oauth/device/keys/revoke-all: the form of all keys. */
export const revokeAllForm =
  (options: RevokeFormsOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { useCases, links, notices, trustedProxies } = options
    const browser = deviceInfoOf(ctx.req, trustedProxies)
    await orShowUnknown(ctx, options, REVOKING, async () => {
      await useCases.revokeAllApiKeys(ctx.state.person.id, browser)
      await notices.remember(ctx, { kind: 'revoked_all' })
      redirect(ctx, links.keys)
    })
  }

const REVOKING = { kind: 'revocation_unknown', operation: 'revoke keys' } as const
