import { type ListedKey, parseCursor, type UseCases } from '@device-grant/core'
import { isoTime } from '../http/iso-time.ts'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import type { Paths } from '../paths.ts'
import type { DisconnectedDevice } from './disconnected-device.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { shownKey, type TrustedClients } from './trusted-clients.ts'

/** The parts of the page of connected devices. */
export interface KeysPageOptions {
  readonly useCases: Pick<UseCases, 'listApiKeys'>
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly trustedClients: TrustedClients
  readonly disconnectedDevice: DisconnectedDevice
}

/** GET /oauth/device/keys: the person's connected devices as a page. */
export const keysPage =
  ({ useCases, responses, links, trustedClients, disconnectedDevice }: KeysPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { person } = ctx.state
    const cursor = cursorOf(ctx)
    if (!cursor.ok) {
      return responses.showMessage(ctx, 400, { kind: 'bad_request', retry: links.keys }, person)
    }
    const { after } = cursor
    const list = await useCases.listApiKeys({ owner: person.id, after })
    // The devices of this page were disconnected.
    if (after !== undefined && list.keys.length === 0) return redirect(ctx, links.keys)
    const keys = list.keys.map((key) => shownKey(key, trustedClients))
    const notice = NOTICES.find((one) => one === ctx.query['notice'])
    const deviceName = notice === 'revoked' ? await disconnectedDevice.take(ctx) : undefined
    responses.showKeys(ctx, { ...list, keys, notice, deviceName }, person)
  }

const NOTICES = ['revoked', 'revoked_all', 'renamed'] as const

/** The cursor of the page that was asked for. Absent for the first page. */
const cursorOf = (
  ctx: PersonContext,
): { readonly ok: true; readonly after?: string } | { readonly ok: false } => {
  const { after } = ctx.query
  if (after === undefined) return { ok: true }
  return typeof after === 'string' && parseCursor(after) ? { ok: true, after } : { ok: false }
}

/** GET /oauth/device/keys: the person's connected devices as JSON. */
export const keysJson =
  ({ useCases }: { readonly useCases: Pick<UseCases, 'listApiKeys'> }) =>
  async (ctx: PersonContext): Promise<void> => {
    const cursor = cursorOf(ctx)
    if (!cursor.ok) return sendProblem(ctx, 400, 'after must be the next of an earlier answer')
    const { after } = cursor
    const list = await useCases.listApiKeys({ owner: ctx.state.person.id, after })
    const { keys, next, revocationDelayMs: revocation_delay_ms } = list
    sendJson(ctx, { keys: keys.map(toJson), next, revocation_delay_ms })
  }

const toJson = ({ id, status, name, request, scope, deviceName, ...times }: ListedKey) => ({
  id,
  status,
  name,
  device_name: deviceName,
  client_id: request.clientId,
  scope,
  address: request.device.address,
  web_origin: request.device.webOrigin,
  user_agent: request.device.userAgent,
  approved_at: isoTime(times.approvedAt),
  last_used_at: isoTime(times.lastUsedAt),
  expires_at: isoTime(times.expiresAt),
  idle_expires_at: isoTime(times.idleExpiresAt),
})
