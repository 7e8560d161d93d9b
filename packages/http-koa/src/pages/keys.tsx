import type { VNode } from 'preact'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName, translateKeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { KeysView, Page, ShownKey } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { ProgramBadge, ProgramName } from './program.tsx'
import { SourceFact } from './source.tsx'
import { Moment } from './times.tsx'

/** The keys of a person, including those not picked up yet. */
export const KeysPage = ({
  page,
  view: { keys, next, revocationDelayMs, notice },
}: {
  readonly page: Page
  readonly view: KeysView
}): VNode => {
  const texts = page.texts.keys
  const delay = Math.ceil(revocationDelayMs / 1_000)
  return (
    <Layout page={page} title={texts.title} current="keys">
      {notice !== undefined && (
        <div class="message good" role="status">
          <p>{texts[notice](delay)}</p>
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
                <Key page={page} item={key} />
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
              <p>{texts.revokeAllWarning(delay)}</p>
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

const Key = ({ page, item }: { readonly page: Page; readonly item: ShownKey }): VNode => {
  const { id, status, trustedName, request } = item
  const { clientId, scope, device: source } = request
  const { keys: texts, confirm, device } = page.texts
  const shownName = translateKeyName(item.name, page.texts)
  const program = { page, clientId, trustedName }
  const label = [trustedName ?? clientId ?? device.unnamed, shownName]
    .map((text) => printableText(text))
    .join(', ')
  return (
    <>
      <div class="key-head">
        <h2>
          <ProgramName {...program} />
        </h2>
        <ProgramBadge {...program} />
        <span class={status === 'active' ? 'badge good' : 'badge warn'}>{texts[status]}</span>
      </div>
      <Facts>
        <Fact name={confirm.keyName}>
          <KeyName>{shownName}</KeyName>
        </Fact>
        <Fact name={texts.keyId}>
          <code>
            <PrintableText maxLength={ID_LENGTH}>{id}</PrintableText>
          </code>
        </Fact>
        <Fact name={texts.scopes}>
          <Scopes page={page} scope={scope} none={texts.noScope} />
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
      </Facts>
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/revoke`}>
        <CsrfToken page={page} />
        <button type="submit" class="danger" aria-label={`${texts.revoke}: ${label}`}>
          {texts.revoke}
        </button>
      </form>
    </>
  )
}
