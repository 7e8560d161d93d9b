import type { DeviceInfo } from '@device-grant/core'
import type { VNode } from 'preact'
import type { AddressDescriptions } from '../http/describe-addresses.ts'
import { Fact } from './facts.tsx'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { Whereabouts } from './whereabouts.tsx'

/** The `webOrigin` of a web page that hides its origin. */
export const HIDDEN_ORIGIN = 'null'

/**
 * Where a request for a code came from: a web page, or else an address. The address of a web page's
 * request is its visitor's, so it is not shown.
 */
export const SourceFact = ({
  page,
  source: { address, webOrigin },
  places,
}: {
  readonly page: Page
  readonly source: DeviceInfo
  readonly places?: AddressDescriptions | undefined
}): VNode => {
  const texts = page.texts.device
  if (webOrigin !== undefined) {
    return (
      <Fact name={texts.webPage}>
        {webOrigin === HIDDEN_ORIGIN ? (
          texts.hiddenWebPage
        ) : (
          <PrintableText>{webOrigin}</PrintableText>
        )}
      </Fact>
    )
  }
  return (
    <Fact name={texts.address}>
      {address === undefined ? (
        texts.unknownAddress
      ) : (
        <Whereabouts address={address} description={places?.get(address)} />
      )}
    </Fact>
  )
}
