import { parseCursor, type UseCases } from '@device-grant/core'
import type { DescribeAddresses } from '../http/describe-addresses.ts'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import { redirect } from '../http/redirect.ts'
import { type KeysQuery, keysPath } from '../pages/keys-query.ts'
import type { Paths } from '../paths.ts'
import { keyJson } from './key-json.ts'
import type { Notices } from './notices.ts'
import type { PageResponses } from './page-responses.ts'
import { readKeysQuery } from './read-keys-query.ts'
import type { PersonContext } from './signed-in.ts'
import { shownKey, type TrustedClients, trustedNameOf } from './trusted-clients.ts'

/** The parts of the page of connected devices. */
export interface KeysPageOptions {
  readonly useCases: Pick<UseCases, 'listDevices'>
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly trustedClients: TrustedClients
  readonly notices: Notices
  readonly describeAddresses: DescribeAddresses
}

const DAY_MS = 24 * 60 * 60_000

/** GET /oauth/device/keys: the person's connected devices as a page. */
export const keysPage =
  (options: KeysPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { responses, links } = options
    const query = readKeysQuery(ctx.query)
    if (!query) {
      const view = { kind: 'bad_request', retry: links.keys } as const
      return responses.showMessage(ctx, 400, view, ctx.state.person)
    }
    await showKeys(ctx, options, query)
  }

const showKeys = async (
  ctx: PersonContext,
  options: KeysPageOptions,
  query: KeysQuery,
): Promise<void> => {
  const { useCases, responses, links, trustedClients, notices, describeAddresses } = options
  const { person } = ctx.state
  const { after, from, search, unusedDays } = query
  const { devices, ended, ...list } = await useCases.listDevices({
    owner: person.id,
    after,
    from,
    search,
    unusedForMs: unusedDays === undefined ? undefined : unusedDays * DAY_MS,
    nameOf: (clientId) => trustedNameOf(trustedClients, clientId),
  })
  // The devices of this page were disconnected.
  if (after !== undefined && devices.length === 0) {
    return redirect(ctx, keysPath(links, { ...query, after: undefined }))
  }
  const places = await describeAddresses(
    ctx,
    devices.map(({ request }) => request.device.address),
  )
  const { kind: notice, deviceName } = (await notices.take(ctx)) ?? {}
  const view = {
    ...list,
    keys: devices.map((key) => shownKey(key, trustedClients)),
    ended: ended.map((key) => shownKey(key, trustedClients)),
    query,
    places,
    notice,
    deviceName,
  }
  responses.showKeys(ctx, view, person)
}

/** GET /oauth/device/keys: the person's connected devices as JSON. */
export const keysJson =
  ({ useCases }: { readonly useCases: Pick<UseCases, 'listApiKeys'> }) =>
  async (ctx: PersonContext): Promise<void> => {
    const { after } = ctx.query
    if (after !== undefined && (typeof after !== 'string' || !parseCursor(after))) {
      return sendProblem(ctx, 400, 'after must be the next of an earlier answer')
    }
    const list = await useCases.listApiKeys({ owner: ctx.state.person.id, after })
    const { keys, next, revocationDelayMs: revocation_delay_ms } = list
    sendJson(ctx, { keys: keys.map(keyJson), next, revocation_delay_ms })
  }
