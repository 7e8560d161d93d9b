import type { VNode } from 'preact'
import type { LayoutView, Page } from './pages.ts'

/** The frame of every page: the layout of `createPages`, or else the built-in one. */
export const Layout = ({ page, ...view }: { readonly page: Page } & LayoutView): VNode => {
  const { layout: Frame } = page
  return <Frame page={page} {...view} />
}

/** The hidden field that every POST form needs. */
export const CsrfToken = ({ page }: { readonly page: Page }): VNode => (
  <input type="hidden" name="csrf_token" value={page.csrfToken} />
)
