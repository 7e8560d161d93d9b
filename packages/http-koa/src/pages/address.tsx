import type { VNode } from 'preact'
import { Fragment } from 'preact'
import { NOT_TRANSLATED } from './not-translated.ts'
import { printableText } from './printable-text.tsx'

/** An IP address. An IPv6 address only breaks across lines between its groups. */
export const Address = ({ children }: { readonly children: string }): VNode => {
  const [first = '', ...rest] = printableText(children).split(':')
  return (
    <bdi {...NOT_TRANSLATED}>
      {first}
      {rest.map((group, i) => (
        // The groups of an address never change places.
        <Fragment key={`${i} ${group}`}>
          :<wbr />
          {group}
        </Fragment>
      ))}
    </bdi>
  )
}
