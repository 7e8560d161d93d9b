import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { Untrusted } from './untrusted.tsx'

export interface ProgramProps {
  readonly page: Page
  readonly clientId?: string | undefined
  /** The name of a client that the operator vouches for. */
  readonly trustedName?: string | undefined
}

/** What a program is called, by whom ever. */
export const ProgramName = ({ page, clientId, trustedName }: ProgramProps): VNode => {
  const name = trustedName ?? clientId
  if (name === undefined) return <>{page.texts.device.unnamed}</>
  return <Untrusted>{name}</Untrusted>
}

/** Whether its name is to be believed. */
export const ProgramBadge = ({ page, trustedName }: ProgramProps): VNode => {
  const { trusted, unverified } = page.texts.device
  return trustedName === undefined ? (
    <span class="badge warn">{unverified}</span>
  ) : (
    <span class="badge good">{trusted}</span>
  )
}

/** The program that asks: its name, and whether that is to be believed. */
export const Program = (props: ProgramProps): VNode => (
  <>
    <strong>
      <ProgramName {...props} />
    </strong>{' '}
    <ProgramBadge {...props} />
  </>
)
