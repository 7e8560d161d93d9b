import type { VNode } from 'preact'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { KeysView, Page, ShownKey } from './pages.ts'
import { ProgramBadge, ProgramName } from './program.tsx'
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
    <Layout page={page} title={texts.title} current="keys">
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
          <details class="revoke-all">
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

const Key = ({ page, item }: { readonly page: Page; readonly item: ShownKey }): VNode => {
  const { id, status, name, trustedName, request } = item
  const { clientId, scope, device: origin } = request
  const { keys: texts, confirm, device } = page.texts
  const program = { page, clientId, trustedName }
  const isWaiting = status === 'waiting'
  const what = [trustedName ?? clientId ?? device.unnamed, name]
    .map((one) => plainText(one))
    .join(', ')
  return (
    <>
      <div class="key-head">
        <h2>
          <ProgramName {...program} />
        </h2>
        <ProgramBadge {...program} />
        <span class={isWaiting ? 'badge warn' : 'badge good'}>
          {isWaiting ? texts.waiting : texts.active}
        </span>
      </div>
      <Facts>
        <Fact name={confirm.keyName}>
          <KeyName>{name}</KeyName>
        </Fact>
        <Fact name={texts.scopes}>
          <Scopes page={page} scope={scope} none={texts.noScope} />
        </Fact>
        <Fact name={texts.approved}>
          <Moment page={page} at={item.approvedAt} />
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
            {item.lastUsedAt === undefined ? (
              texts.neverUsed
            ) : (
              <Moment page={page} at={item.lastUsedAt} />
            )}
          </Fact>
        )}
        <Fact name={isWaiting ? texts.lapses : texts.expires}>
          <Moment page={page} at={item.expiresAt} />
        </Fact>
      </Facts>
      <form method="post" action={`${page.paths.keys}/${encodeURIComponent(id)}/revoke`}>
        <CsrfToken page={page} />
        <button type="submit" class="danger" aria-label={`${texts.revoke}: ${what}`}>
          {texts.revoke}
        </button>
      </form>
    </>
  )
}
