import type { ListedKey } from '@device-grant/core'
import type { VNode } from 'preact'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { KeysView, Page } from './pages.ts'
import { Moment } from './times.tsx'
import { plainText, Untrusted } from './untrusted.tsx'

/** Connected devices: a person's keys, those that wait for pick-up included. */
export const KeysPage = ({
  page,
  view: { keys, notice },
}: {
  readonly page: Page
  readonly view: KeysView
}): VNode => {
  const texts = page.texts.keys
  return (
    <Layout page={page} title={texts.title}>
      {notice !== undefined && (
        <div class="message good" role="status">
          <p>{texts[notice]}</p>
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
          <details>
            <summary>{texts.revokeAll}</summary>
            <div class="card">
              <p>{texts.revokeAllWarning(keys.length)}</p>
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

const Key = ({
  page,
  item: { id, status, name, clientId, scope, origin, approvedAt, lastUsedAt, expiresAt },
}: {
  readonly page: Page
  readonly item: ListedKey
}): VNode => {
  const { locale, now } = page
  const { keys: texts, device } = page.texts
  const isWaiting = status === 'waiting'
  return (
    <>
      <div class="key-head">
        <h2>
          <KeyName>{name}</KeyName>
        </h2>
        <span class={isWaiting ? 'badge warn' : 'badge good'}>
          {isWaiting ? texts.waiting : texts.active}
        </span>
      </div>
      <Facts>
        <Fact name={device.program}>
          {clientId === undefined ? device.unnamed : <Untrusted>{clientId}</Untrusted>}
        </Fact>
        <Fact name={texts.scopes}>
          <Scopes page={page} scope={scope} />
        </Fact>
        <Fact name={texts.approved}>
          <Moment locale={locale} at={approvedAt} now={now} />
        </Fact>
        <Fact name={device.address}>
          {origin.address === undefined ? (
            device.unknownAddress
          ) : (
            <Untrusted>{origin.address}</Untrusted>
          )}
        </Fact>
        <Fact name={device.userAgent}>
          {origin.userAgent === undefined ? (
            device.unknownUserAgent
          ) : (
            <Untrusted>{origin.userAgent}</Untrusted>
          )}
        </Fact>
        {!isWaiting && (
          <Fact name={texts.lastUsed}>
            {lastUsedAt === undefined ? (
              texts.neverUsed
            ) : (
              <Moment locale={locale} at={lastUsedAt} now={now} />
            )}
          </Fact>
        )}
        <Fact name={isWaiting ? texts.lapses : texts.expires}>
          <Moment locale={locale} at={expiresAt} now={now} />
        </Fact>
      </Facts>
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/revoke`}>
        <CsrfToken page={page} />
        <button type="submit" class="danger">
          {texts.revoke}
          <span class="visually-hidden">: {plainText(name)}</span>
        </button>
      </form>
    </>
  )
}
