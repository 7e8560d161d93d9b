import { StoreError } from '@device-grant/core'
import type { ReportError } from '../http/report-error.ts'
import type { Paths } from '../paths.ts'
import type { PageResponses } from './page-responses.ts'
import type { PersonContext } from './signed-in.ts'

/** The parts of the page that says that an outcome is unknown. */
export interface OrShowUnknownOptions {
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly onError: ReportError
}

/** What failed: the message of the page, and the operation for the report of the error. */
export interface UnknownOutcome {
  readonly kind: 'revocation_unknown' | 'renaming_unknown'
  readonly operation: string
}

/** Changes keys, or sends the page that says that the outcome is unknown if a store fails. */
export const orShowUnknown = async (
  ctx: PersonContext,
  { responses, links, onError }: OrShowUnknownOptions,
  { kind, operation }: UnknownOutcome,
  change: () => Promise<void>,
): Promise<void> => {
  try {
    await change()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    onError(error, operation, ctx)
    ctx.set('Retry-After', '5')
    responses.showMessage(ctx, 503, { kind, retry: links.keys }, ctx.state.person)
  }
}
