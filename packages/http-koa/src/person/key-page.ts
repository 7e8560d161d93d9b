import type { UseCases } from '@device-grant/core'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import { pathParameter } from '../http/route-table.ts'
import type { Paths } from '../paths.ts'
import { endedKeyJson, keyJson } from './key-json.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { shownKey, type TrustedClients } from './trusted-clients.ts'

/** The parts of the page of one key. */
export interface KeyPageOptions {
  readonly useCases: Pick<UseCases, 'readApiKey'>
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly trustedClients: TrustedClients
}

/** GET /oauth/device/keys/{id}: what has become of an approval, as a page that can be loaded again. */
export const keyPage =
  ({ useCases, responses, links, trustedClients }: KeyPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { person } = ctx.state
    const found = await useCases.readApiKey({ owner: person.id, keyId: pathParameter(ctx, 'id') })
    if (!found) {
      return responses.showMessage(ctx, 404, { kind: 'not_found', retry: links.keys }, person)
    }
    const { catalogue } = found
    if (found.outcome === 'ended') {
      const endedKey = shownKey(found.key, trustedClients)
      const view = { kind: 'disconnected', endedKey, catalogue } as const
      return responses.showMessage(ctx, 200, view, person)
    }
    const key = shownKey(found.key, trustedClients)
    const kind = key.status === 'waiting' ? 'approved' : 'connected'
    responses.showMessage(ctx, 200, { kind, key, catalogue }, person)
  }

/** GET /oauth/device/keys/{id} as JSON. */
export const oneKeyJson =
  ({ useCases }: Pick<KeyPageOptions, 'useCases'>) =>
  async (ctx: PersonContext): Promise<void> => {
    const keyId = pathParameter(ctx, 'id')
    const found = await useCases.readApiKey({ owner: ctx.state.person.id, keyId })
    if (!found) return sendProblem(ctx, 404, 'You have no such key')
    sendJson(ctx, found.outcome === 'live' ? keyJson(found.key) : endedKeyJson(found.key))
  }
