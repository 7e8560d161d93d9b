import type { VNode } from 'preact'
import { EndedKeys, LeakedKeys } from './ended-keys.tsx'
import { KeyItem } from './key-item.tsx'
import { type KeysQuery, keysPath } from './keys-query.ts'
import { KeysSearch } from './keys-search.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { KeysView, Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { FilledIn, fillIn } from './texts/fill-in.tsx'

/** The keys of a person, including those not picked up yet. */
export const KeysPage = ({
  page,
  view,
}: {
  readonly page: Page
  readonly view: KeysView
}): VNode => {
  const { locale, paths } = page
  const texts = page.texts.keys
  const { keys, next, older, ended = [], query = {}, catalogue, places } = view
  const { total = keys.length } = view
  const title = total === 0 ? texts.title : fillIn(locale, texts.titleWithCount, { count: total })
  return (
    <Layout page={page} title={title} current="keys">
      <Notice page={page} view={view} />
      <LeakedKeys page={page} ended={ended} />
      <p class="actions head-actions">
        <a class="button" href={paths.verify}>
          {texts.enterCode}
        </a>
      </p>
      {total === 0 ? <p class="card">{texts.empty}</p> : <p>{texts.intro}</p>}
      <KeysSearch page={page} total={total} found={view.found ?? keys.length} query={query} />
      {keys.length > 0 && (
        <ul class="keys">
          {keys.map((key) => (
            <KeyItem
              key={key.id}
              page={page}
              item={key}
              catalogue={catalogue}
              query={query}
              places={places}
            />
          ))}
        </ul>
      )}
      <MoreKeys page={page} query={query} next={next} older={older} />
      {total > 0 && <RevokeAll page={page} />}
      <EndedKeys page={page} ended={ended} />
    </Layout>
  )
}

/** What has just happened to a device. */
const Notice = ({
  page: { locale, texts },
  view: { notice, deviceName, revocationDelayMs },
}: {
  readonly page: Page
  readonly view: KeysView
}): VNode | undefined => {
  if (notice === undefined) return undefined
  const { isDisconnected, accessEnds } = texts.keys
  const seconds = Math.ceil(revocationDelayMs / 1_000)
  return (
    <div class="message good" role="status">
      <p>
        {notice === 'revoked' && deviceName !== undefined ? (
          <FilledIn
            locale={locale}
            text={isDisconnected}
            values={{ deviceName: <PrintableText>{deviceName}</PrintableText> }}
          />
        ) : (
          texts.keys[notice]
        )}
        {notice !== 'renamed' && seconds > 1 && (
          <> {fillIn(locale, accessEnds, { count: seconds })}</>
        )}
      </p>
    </div>
  )
}

/** The links to the next page, and to older keys. */
const MoreKeys = ({
  page: { texts, paths },
  query,
  next,
  older,
}: {
  readonly page: Page
  readonly query: KeysQuery
  readonly next: string | undefined
  readonly older: string | undefined
}): VNode | undefined => {
  if (next === undefined && older === undefined) return undefined
  return (
    <p class="actions">
      {next !== undefined && (
        <a class="button" href={keysPath(paths, { ...query, after: next })}>
          {texts.keys.nextPage}
        </a>
      )}
      {older !== undefined && (
        <a class="button" href={keysPath(paths, { ...query, after: undefined, from: older })}>
          {texts.keys.olderKeys}
        </a>
      )}
    </p>
  )
}

/** The form that disconnects all devices, after a question. */
const RevokeAll = ({ page }: { readonly page: Page }): VNode => {
  const texts = page.texts.keys
  return (
    <details class="revoke-all">
      <summary>{texts.revokeAll}</summary>
      <div class="card">
        <p>{texts.revokeAllWarning}</p>
        <form method="post" action={page.paths.revokeAll}>
          <CsrfToken page={page} />
          <button type="submit" class="danger">
            {texts.revokeAllConfirm}
          </button>
        </form>
      </div>
    </details>
  )
}
