import type { VNode } from 'preact'
import type { AddressDescriptions } from '../http/describe-addresses.ts'
import { Address } from './address.tsx'
import { DeviceNameField } from './device-name-field.tsx'
import { DisconnectForm, QueryFields } from './disconnect-form.tsx'
import { KeyFacts } from './key-facts.tsx'
import { translateKeyName } from './key-name.tsx'
import { type KeysQuery, keyAnchor } from './keys-query.ts'
import { CsrfToken } from './layout.tsx'
import type { KeysView, Page, ShownKey } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { ProgramBadge, ProgramName, programName, programOf } from './program.tsx'
import { HIDDEN_ORIGIN } from './source.tsx'
import { FilledIn } from './texts/fill-in.tsx'
import { Ago } from './times.tsx'

/** One key as a line that opens to everything about it. */
export const KeyItem = ({
  page,
  item,
  catalogue,
  query,
  places,
}: {
  readonly page: Page
  readonly item: ShownKey
  readonly catalogue?: KeysView['catalogue']
  readonly query: KeysQuery
  readonly places?: AddressDescriptions | undefined
}): VNode => {
  const { status, deviceName } = item
  const { keys: texts } = page.texts
  const program = programOf(page, item)
  const name = deviceName ?? programName(program)
  const label = [name, translateKeyName(item.name, page)]
    .map((text) => printableText(text))
    .join(', ')
  return (
    <li class="card" id={keyAnchor(printableText(item.id))}>
      <details class="key">
        <summary>
          <strong>
            {deviceName === undefined ? (
              <ProgramName {...program} />
            ) : (
              <PrintableText>{deviceName}</PrintableText>
            )}
          </strong>{' '}
          {deviceName === undefined && <ProgramBadge {...program} />}{' '}
          {status !== 'active' && <span class="badge warn">{texts[status]}</span>}
          <KeyLine page={page} item={item} places={places} />
        </summary>
        <KeyFacts page={page} item={item} catalogue={catalogue} places={places} />
        {status !== 'unknown' && <Rename page={page} item={item} label={label} query={query} />}
        <details class="disconnect">
          <summary aria-label={`${texts.revoke}: ${label}`}>{texts.revoke}</summary>
          <p>
            <FilledIn
              locale={page.locale}
              text={texts.revokeQuestion}
              values={{
                deviceName: (
                  <strong>
                    <PrintableText>{name}</PrintableText>
                  </strong>
                ),
              }}
            />
          </p>
          <DisconnectForm
            page={page}
            keyId={item.id}
            label={`${texts.revokeConfirm}: ${label}`}
            query={query}
          >
            {texts.revokeConfirm}
          </DisconnectForm>
        </details>
      </details>
    </li>
  )
}

/** The program, the last use, and from where. */
const KeyLine = ({
  page,
  item,
  places,
}: {
  readonly page: Page
  readonly item: ShownKey
  readonly places: AddressDescriptions | undefined
}): VNode => {
  const { usedAgo, approvedAgo } = page.texts.keys
  const { deviceName, lastUsedAt, approvedAt, request } = item
  const { address, webOrigin } = request.device
  const { place, network } = (address === undefined ? undefined : places?.get(address)) ?? {}
  return (
    <span class="key-line quiet small">
      {deviceName !== undefined && (
        <span>
          <ProgramName {...programOf(page, item)} />
        </span>
      )}
      <span>
        <FilledIn
          locale={page.locale}
          text={lastUsedAt === undefined ? approvedAgo : usedAgo}
          values={{ ago: <Ago page={page} at={lastUsedAt ?? approvedAt} /> }}
        />
      </span>
      {webOrigin !== undefined && webOrigin !== HIDDEN_ORIGIN && (
        <span>
          <PrintableText maxLength={60}>{webOrigin}</PrintableText>
        </span>
      )}
      {webOrigin === undefined && address !== undefined && (
        <span>
          {place === undefined && network === undefined ? (
            <Address>{address}</Address>
          ) : (
            <PrintableText maxLength={60}>{place ?? network ?? ''}</PrintableText>
          )}
        </span>
      )}
    </span>
  )
}

/** The form that gives the device of a key another name. */
const Rename = ({
  page,
  item: { id, deviceName },
  label,
  query,
}: {
  readonly page: Page
  readonly item: ShownKey
  readonly label: string
  readonly query: KeysQuery
}): VNode => {
  const { keys: texts, device } = page.texts
  return (
    <details class="rename">
      <summary aria-label={`${texts.rename}: ${label}`}>{texts.rename}</summary>
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/rename`}>
        <CsrfToken page={page} />
        <QueryFields query={query} />
        <DeviceNameField
          page={page}
          id={`name-${printableText(id)}`}
          name={deviceName}
          hint={device.nameHint}
        />
        <button type="submit" aria-label={`${texts.saveName}: ${label}`}>
          {texts.saveName}
        </button>
      </form>
    </details>
  )
}
