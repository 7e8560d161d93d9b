import type { ComponentChildren, VNode } from 'preact'
import { type KeysQuery, keysFields } from './keys-query.ts'
import { CsrfToken } from './layout.tsx'
import type { Page } from './pages.ts'
import { printableText } from './printable-text.tsx'

/** The form that disconnects the device of a key. */
export const DisconnectForm = ({
  page,
  keyId,
  label,
  query = {},
  children,
}: {
  readonly page: Page
  readonly keyId: string
  /** What the button is called, with the device. */
  readonly label?: string | undefined
  /** The part of the list that it leads back to. */
  readonly query?: KeysQuery | undefined
  readonly children: ComponentChildren
}): VNode => (
  <form
    method="post"
    action={`${page.paths.keys}/${encodeURIComponent(printableText(keyId))}/revoke`}
  >
    <CsrfToken page={page} />
    <QueryFields query={query} />
    <button type="submit" class="danger" aria-label={label}>
      {children}
    </button>
  </form>
)

/** The hidden fields of a form that leads back to a part of the list. */
export const QueryFields = ({ query }: { readonly query: KeysQuery }): VNode => (
  <>
    {keysFields(query).map(([name, value]) => (
      <input key={name} type="hidden" name={name} value={printableText(value, 200)} />
    ))}
  </>
)
