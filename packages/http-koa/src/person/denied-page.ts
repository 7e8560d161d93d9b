import type { UseCases } from '@device-grant/core'
import { redirect } from '../http/redirect.ts'
import type { Paths } from '../paths.ts'
import type { Denials } from './denial.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'
import { shownKey, type TrustedClients } from './trusted-clients.ts'

/** The parts of the page of a denial. */
export interface DeniedPageOptions {
  readonly useCases: Pick<UseCases, 'listDevices'>
  readonly responses: PageResponses
  readonly denials: Denials
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly trustedClients: TrustedClients
}

const DAY_MS = 24 * 60 * 60_000
const MAX_RECENT = 50

/**
 * GET /oauth/device/denied: a denial or report, which can be loaded again. After a report, it offers to disconnect
 * what the person approved in the last day.
 */
export const deniedPage =
  ({ useCases, responses, denials, links, trustedClients }: DeniedPageOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const { person } = ctx.state
    const denial = denials.read(person.id, ctx.query['notice'])
    if (!denial) return redirect(ctx, links.verify)
    const { programName: trustedName, isReported, approvedKeyId, ...code } = denial
    const device = { ...code, trustedName }
    if (!isReported) return responses.showMessage(ctx, 200, { kind: 'denied', ...device }, person)
    const approvedSince = responses.now() - DAY_MS
    const conditions = { owner: person.id, approvedSince, limit: MAX_RECENT }
    const { devices } = await useCases.listDevices(conditions)
    const recentKeys = devices.map((key) => shownKey(key, trustedClients))
    // A key that has ended meanwhile gives no access.
    const hasAccess = devices.some(({ id }) => id === approvedKeyId)
    const kind = hasAccess ? 'approval_reported' : 'reported'
    responses.showMessage(ctx, 200, { kind, ...device, recentKeys }, person)
  }
