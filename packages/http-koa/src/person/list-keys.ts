import type { ListedKey, UseCases } from '@device-grant/core'
import { sendJson } from '../http/json-response.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'

/** The parts of the page of connected devices. */
export interface KeysPageOptions {
  readonly useCases: Pick<UseCases, 'listApiKeys'>
  readonly responses: PageResponses
  readonly trustedClients: TrustedClients
}

/** GET /oauth/device/keys: the person's connected devices as a page. */
export const keysPage =
  ({ useCases, responses, trustedClients }: KeysPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { person } = ctx.state
    const listed = await useCases.listApiKeys(person.id)
    const keys = listed.map((key) => ({
      ...key,
      trustedName: trustedNameOf(trustedClients, key.request.clientId),
    }))
    responses.showKeys(ctx, { keys, notice: noticeOf(ctx.query['notice']) }, person)
  }

const noticeOf = (notice: unknown): 'revoked' | 'revoked_all' | undefined =>
  notice === 'revoked' || notice === 'revoked_all' ? notice : undefined

/** GET /oauth/device/keys: the person's connected devices as JSON. */
export const keysJson =
  ({ useCases }: { readonly useCases: Pick<UseCases, 'listApiKeys'> }) =>
  async (ctx: PersonContext): Promise<void> => {
    const keys = await useCases.listApiKeys(ctx.state.person.id)
    sendJson(ctx, { keys: keys.map(toJson) })
  }

const toJson = ({ id, status, name, request, ...times }: ListedKey) => ({
  id,
  status,
  name,
  client_id: request.clientId,
  scope: request.scope,
  address: request.device.address,
  user_agent: request.device.userAgent,
  approved_at: isoTime(times.approvedAt),
  last_used_at: isoTime(times.lastUsedAt),
  expires_at: isoTime(times.expiresAt),
})

const isoTime = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()
