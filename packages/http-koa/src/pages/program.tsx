import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'

export interface ProgramProps {
  readonly page: Page
  readonly clientId?: string | undefined
  /** The operator's name for the client. */
  readonly trustedName?: string | undefined
}

/** The name of a program: the operator's name for it, or its client id. */
export const ProgramName = ({ page, clientId, trustedName }: ProgramProps): VNode => {
  const name = trustedName ?? clientId
  if (name === undefined) return <>{page.texts.device.unnamed}</>
  return <PrintableText>{name}</PrintableText>
}

/**
 * Marks a program that the operator has not named. No badge vouches for a program, because any program
 * can send the client id of another one.
 */
export const ProgramBadge = ({ page, trustedName }: ProgramProps): VNode | undefined =>
  trustedName === undefined ? (
    <span class="badge warn">{page.texts.device.unverified}</span>
  ) : undefined

/** The name of a program, with its badge. */
export const Program = (props: ProgramProps): VNode => (
  <>
    <strong>
      <ProgramName {...props} />
    </strong>{' '}
    <ProgramBadge {...props} />
  </>
)
