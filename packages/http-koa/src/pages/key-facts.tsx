import type { VNode } from 'preact'
import type { AddressDescriptions } from '../http/describe-addresses.ts'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName, translateKeyName } from './key-name.tsx'
import type { KeysView, Page, ShownKey } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { Program, programOf } from './program.tsx'
import { SourceFact } from './source.tsx'
import { Moment } from './times.tsx'

/** So many characters of an id find a leaked key, with the `…` that follows them. */
const ID_LENGTH = 9

/** Everything about a key that works or waits for pick-up. */
export const KeyFacts = ({
  page,
  item,
  catalogue,
  places,
}: {
  readonly page: Page
  readonly item: ShownKey
  readonly catalogue?: KeysView['catalogue']
  readonly places?: AddressDescriptions | undefined
}): VNode => {
  const { id, status, request, idleExpiresAt = Number.POSITIVE_INFINITY } = item
  const { device: source } = request
  const { keys: texts, confirm, device } = page.texts
  return (
    <Facts>
      <Fact name={device.program}>
        <Program {...programOf(page, item)} />
      </Fact>
      <Fact name={confirm.keyName}>
        <KeyName>{translateKeyName(item.name, page)}</KeyName>
      </Fact>
      <Fact name={texts.keyId}>
        <code>
          <PrintableText maxLength={ID_LENGTH}>{id}</PrintableText>
        </code>
      </Fact>
      <Fact name={texts.scopes}>
        <Scopes
          page={page}
          scope={item.scope}
          none={catalogue ? device.noPermissions : device.noScope}
          catalogue={catalogue}
        />
      </Fact>
      <Fact name={texts.approved}>
        <Moment page={page} at={item.approvedAt} />
      </Fact>
      <SourceFact page={page} source={source} places={places} />
      <Fact name={device.userAgent}>
        {source.userAgent === undefined ? (
          device.unknownUserAgent
        ) : (
          <PrintableText>{source.userAgent}</PrintableText>
        )}
      </Fact>
      {item.lastUsedAt !== undefined && (
        <Fact name={texts.lastUsed}>
          <Moment page={page} at={item.lastUsedAt} />
        </Fact>
      )}
      <Fact name={status === 'waiting' ? texts.pickUpBy : texts.expires}>
        <Moment page={page} at={item.expiresAt} />
      </Fact>
      {idleExpiresAt < item.expiresAt && (
        <Fact name={texts.idleExpires}>
          <Moment page={page} at={idleExpiresAt} />
        </Fact>
      )}
    </Facts>
  )
}
