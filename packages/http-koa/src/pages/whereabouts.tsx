import type { VNode } from 'preact'
import type { AddressDescription } from '../http/describe-addresses.ts'
import { Address } from './address.tsx'
import { PrintableText } from './printable-text.tsx'

/** Where an address is: its place and network if they are known, and the address itself. */
export const Whereabouts = ({
  address,
  description: { place, network } = {},
}: {
  readonly address: string
  readonly description?: AddressDescription | undefined
}): VNode => {
  const parts = [place, network].filter((part) => part !== undefined)
  if (parts.length === 0) return <Address>{address}</Address>
  return (
    <>
      <PrintableText maxLength={80}>{parts.join(', ')}</PrintableText> (<Address>{address}</Address>
      )
    </>
  )
}
