import type { VNode } from 'preact'
import type { KeysQuery } from './keys-query.ts'
import type { Page } from './pages.ts'
import { printableText } from './printable-text.tsx'
import { fillIn } from './texts/fill-in.tsx'

/** From so many keys on, the list has a search. */
const MANY_KEYS = 10
/** The days of the filter for keys that are out of use. */
const UNUSED_DAYS = 30

/** The search of a long list. It is a GET form, because it changes nothing. */
export const KeysSearch = ({
  page: { locale, texts, paths },
  total,
  found,
  query: { search, unusedDays, from },
}: {
  readonly page: Page
  readonly total: number
  readonly found: number
  readonly query: KeysQuery
}): VNode | undefined => {
  const isSearching = search !== undefined || unusedDays !== undefined
  if (total < MANY_KEYS && !isSearching) return undefined
  const { keys } = texts
  const days = unusedDays ?? UNUSED_DAYS
  return (
    <search>
      <form method="get" action={paths.keys} class="card search">
        <label for="search">{keys.search}</label>
        <input
          type="search"
          id="search"
          name="q"
          value={printableText(search ?? '', 200)}
          maxlength={200}
          autocomplete="off"
          aria-describedby="search-hint"
        />
        <p class="quiet small" id="search-hint">
          {keys.searchHint}
        </p>
        {from !== undefined && <input type="hidden" name="from" value={from} />}
        <div class="choice">
          <input
            type="checkbox"
            id="unused"
            name="unused"
            value={days}
            checked={unusedDays !== undefined}
            autocomplete="off"
          />
          <label for="unused">{fillIn(locale, keys.unusedFilter, { count: days })}</label>
        </div>
        <button type="submit">{keys.searchSubmit}</button>
        {isSearching && (
          <p role="status">
            {found === 0 ? keys.nothingFound : fillIn(locale, keys.found, { count: found })}{' '}
            <a href={paths.keys}>{keys.showAll}</a>
          </p>
        )}
      </form>
    </search>
  )
}
