import type { VNode } from 'preact'
import { PrintableText } from './printable-text.tsx'

const EMAIL_ADDRESS = /^[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i

/** Whom people ask for access. An e-mail address or an https URL is a link. */
export const Contact = ({ children }: { readonly children: string }): VNode => {
  const href = linkOf(children)
  const text = <PrintableText>{children}</PrintableText>
  return href === undefined ? text : <a href={href}>{text}</a>
}

const linkOf = (contact: string): string | undefined => {
  if (EMAIL_ADDRESS.test(contact)) return `mailto:${contact}`
  return /^https:\/\/\S+$/.test(contact) && URL.canParse(contact) ? contact : undefined
}
