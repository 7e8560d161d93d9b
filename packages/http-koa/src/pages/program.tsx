import { type RegisteredClient, textIn } from '@device-grant/core'
import type { VNode } from 'preact'
import type { Page, ShownKey } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'

export interface ProgramProps {
  readonly page: Page
  readonly clientId?: string | undefined
  /** What the registry knows of the client. */
  readonly client?: Pick<RegisteredClient, 'name'> | undefined
  /** Whether the client proved who it is. */
  readonly isAuthenticated?: boolean | undefined
  /** The operator's name for the client, where there is no registry. */
  readonly trustedName?: string | undefined
}

/** The program of a key. */
export const programOf = (
  page: Page,
  { request, client, trustedName }: Pick<ShownKey, 'request' | 'client' | 'trustedName'>,
): ProgramProps => ({
  page,
  clientId: request.clientId,
  client,
  isAuthenticated: request.clientAuthenticated,
  trustedName,
})

/** The operator's name for a program, if there is one. That of the registry comes first. */
export const operatorsName = (
  { client, trustedName }: Pick<ProgramProps, 'client' | 'trustedName'>,
  locale: string,
): string | undefined => (client ? textIn(client.name, locale) : trustedName)

/** The name of a program as a text: the operator's name for it, or its client id. */
export const programName = (props: ProgramProps): string =>
  printableText(
    operatorsName(props, props.page.locale) ?? props.clientId ?? props.page.texts.device.unnamed,
  )

/** The name of a program: the operator's name for it, or its client id. */
export const ProgramName = (props: ProgramProps): VNode => {
  const name = operatorsName(props, props.page.locale) ?? props.clientId
  if (name === undefined) return <>{props.page.texts.device.unnamed}</>
  return <PrintableText>{name}</PrintableText>
}

/** Whether the registry has the program, and the program proved who it is. */
const isVerified = ({ client, isAuthenticated = false }: ProgramProps): boolean =>
  client !== undefined && isAuthenticated

/**
 * Marks a program that proved who it is, or that the operator has not named. No badge vouches for any
 * other program, because any program can send its client id.
 */
export const ProgramBadge = (props: ProgramProps): VNode | undefined => {
  const { verified, unverified } = props.page.texts.device
  if (isVerified(props)) return <span class="badge good">{verified}</span>
  return operatorsName(props, props.page.locale) === undefined ? (
    <span class="badge warn">{unverified}</span>
  ) : undefined
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

/** What the name of a program is worth, in a sentence. */
export const ProgramHint = (props: ProgramProps): VNode => {
  const { verifiedProgram, unnamedHint, unknownProgram, anyProgram } = props.page.texts.device
  if (isVerified(props)) return <>{verifiedProgram}</>
  if (props.clientId === undefined) return <>{unnamedHint}</>
  return (
    <>
      {operatorsName(props, props.page.locale) === undefined && `${unknownProgram} `}
      {anyProgram}
    </>
  )
}
