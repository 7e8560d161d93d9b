import type { RegisteredClient } from '@device-grant/core'
import type { VNode } from 'preact'
import { PrintableText } from './printable-text.tsx'

/** The pictures that a page may show. A picture that is loaded as an image runs no script. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml']

/** The logo of a registered client. It says nothing that its name does not, so it has no text. */
export const ClientLogo = ({
  logo,
}: {
  readonly logo: RegisteredClient['logo']
}): VNode | undefined => {
  if (!logo || !PICTURES.includes(logo.mediaType)) return undefined
  const body = Buffer.from(logo.body).toString('base64')
  return <img class="logo" src={`data:${logo.mediaType};base64,${body}`} alt="" />
}

/** A link to the home page of a registered client, if its URL is https. */
export const ClientHomepage = ({
  homepage,
}: {
  readonly homepage: string | undefined
}): VNode | undefined => {
  const url = homepage !== undefined && URL.canParse(homepage) ? new URL(homepage) : undefined
  if (url?.protocol !== 'https:') return undefined
  return (
    <>
      <br />
      <a href={url.href} rel="noreferrer">
        <PrintableText>{url.host}</PrintableText>
      </a>
    </>
  )
}
