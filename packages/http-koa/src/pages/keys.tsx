import type { VNode } from 'preact'
import { DeviceNameField } from './device-name-field.tsx'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName, translateKeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { KeysView, Page, ShownKey } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { Program, ProgramBadge, ProgramName, programName } from './program.tsx'
import { SourceFact } from './source.tsx'
import { FilledIn, fillIn } from './texts/fill-in.tsx'
import { Moment } from './times.tsx'

/** The keys of a person, including those not picked up yet. */
export const KeysPage = ({
  page,
  view: { keys, next, revocationDelayMs, catalogue, notice, deviceName },
}: {
  readonly page: Page
  readonly view: KeysView
}): VNode => {
  const texts = page.texts.keys
  const delay = fillIn(page.locale, texts.delay, { count: Math.ceil(revocationDelayMs / 1_000) })
  return (
    <Layout page={page} title={texts.title} current="keys">
      {notice !== undefined && (
        <div class="message good" role="status">
          <p>
            {notice === 'revoked' && deviceName !== undefined ? (
              <FilledIn
                locale={page.locale}
                text={texts.isDisconnected}
                values={{ deviceName: <PrintableText>{deviceName}</PrintableText>, delay }}
              />
            ) : (
              fillIn(page.locale, texts[notice], { delay })
            )}
          </p>
        </div>
      )}
      {keys.length === 0 ? (
        <div class="card">
          <p>{texts.empty}</p>
          <p>
            <a href={page.paths.verify}>{texts.enterCode}</a>
          </p>
        </div>
      ) : (
        <>
          <p>{texts.intro}</p>
          <ul class="keys">
            {keys.map((key) => (
              <li class="card" key={key.id}>
                <Key page={page} item={key} catalogue={catalogue} />
              </li>
            ))}
          </ul>
          {next !== undefined && (
            <p class="actions">
              <a class="button" href={`${page.paths.keys}?after=${encodeURIComponent(next)}`}>
                {texts.nextPage}
              </a>
            </p>
          )}
          <details class="revoke-all">
            <summary>{texts.revokeAll}</summary>
            <div class="card">
              <p>{fillIn(page.locale, texts.revokeAllWarning, { delay })}</p>
              <form method="post" action={page.paths.revokeAll}>
                <CsrfToken page={page} />
                <button type="submit" class="danger">
                  {texts.revokeAllConfirm}
                </button>
              </form>
            </div>
          </details>
        </>
      )}
    </Layout>
  )
}

/** So many characters of an id find a leaked key, with the `…` that follows them. */
const ID_LENGTH = 9

interface KeyProps {
  readonly page: Page
  readonly item: ShownKey
  readonly catalogue?: KeysView['catalogue']
}

/** One key, with the name of its device or else of its program as heading. */
const Key = ({ page, item, catalogue }: KeyProps): VNode => {
  const { id, status, request, deviceName, idleExpiresAt = Number.POSITIVE_INFINITY } = item
  const { device: source } = request
  const { keys: texts, confirm, device } = page.texts
  const shownName = translateKeyName(item.name, page)
  const program = {
    page,
    clientId: request.clientId,
    client: item.client,
    isAuthenticated: request.clientAuthenticated,
    trustedName: item.trustedName,
  }
  const label = [deviceName ?? programName(program), shownName]
    .map((text) => printableText(text))
    .join(', ')
  const none = catalogue ? device.noPermissions : device.noScope
  return (
    <>
      <div class="key-head">
        {deviceName === undefined ? (
          <>
            <h2>
              <ProgramName {...program} />
            </h2>
            <ProgramBadge {...program} />
          </>
        ) : (
          <h2>
            <PrintableText>{deviceName}</PrintableText>
          </h2>
        )}
        <span class={status === 'active' ? 'badge good' : 'badge warn'}>{texts[status]}</span>
      </div>
      <Facts>
        {deviceName !== undefined && (
          <Fact name={device.program}>
            <Program {...program} />
          </Fact>
        )}
        <Fact name={confirm.keyName}>
          <KeyName>{shownName}</KeyName>
        </Fact>
        <Fact name={texts.keyId}>
          <code>
            <PrintableText maxLength={ID_LENGTH}>{id}</PrintableText>
          </code>
        </Fact>
        <Fact name={texts.scopes}>
          <Scopes page={page} scope={item.scope} none={none} catalogue={catalogue} />
        </Fact>
        <Fact name={texts.approved}>
          <Moment page={page} at={item.approvedAt} />
        </Fact>
        <SourceFact page={page} source={source} />
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
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/revoke`}>
        <CsrfToken page={page} />
        {deviceName !== undefined && (
          <input type="hidden" name="device_name" value={printableText(deviceName)} />
        )}
        <button type="submit" class="danger" aria-label={`${texts.revoke}: ${label}`}>
          {texts.revoke}
        </button>
      </form>
      {status !== 'unknown' && <Rename page={page} item={item} label={label} />}
    </>
  )
}

/** The form that gives the device of a key another name. */
const Rename = ({
  page,
  item: { id, deviceName },
  label,
}: {
  readonly page: Page
  readonly item: ShownKey
  readonly label: string
}): VNode => {
  const { keys: texts, device } = page.texts
  return (
    <details class="rename">
      <summary aria-label={`${texts.rename}: ${label}`}>{texts.rename}</summary>
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/rename`}>
        <CsrfToken page={page} />
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
