import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'

export interface ProgramProps {
  readonly page: Page
  readonly clientId?: string | undefined
  /** The name of a client that the operator vouches for. */
  readonly trustedName?: string | undefined
}

/** The name of a program: the operator's name for it, or its client id. */
export const ProgramName = ({ page, clientId, trustedName }: ProgramProps): VNode => {
  const name = trustedName ?? clientId
  if (name === undefined) return <>{page.texts.device.unnamed}</>
  return <PrintableText>{name}</PrintableText>
}

/** Shows whether the operator vouches for the name of a program. */
export const ProgramBadge = ({ page, trustedName }: ProgramProps): VNode => {
  const { trusted, unverified } = page.texts.device
  return trustedName === undefined ? (
    <span class="badge warn">{unverified}</span>
  ) : (
    <span class="badge good">{trusted}</span>
  )
}

/** The name of a program, with its badge. */
export const Program = (props: ProgramProps): VNode => (
  <>
    <strong>
      <ProgramName {...props} />
    </strong>{' '}
    <ProgramBadge {...props} />
  </>
)
