import type { VNode } from 'preact'
import { CsrfToken } from './layout.tsx'
import type { Page } from './pages.ts'
import { printableText } from './printable-text.tsx'

/** The form that denies and reports a request which cannot be approved. */
export const ReportForm = ({
  page,
  userCode,
}: {
  readonly page: Page
  readonly userCode: string
}): VNode => (
  <form method="post" action={page.paths.verify} class="actions">
    <CsrfToken page={page} />
    <input type="hidden" name="user_code" value={printableText(userCode)} />
    <button type="submit" name="decision" value="report">
      {page.texts.confirm.report}
    </button>
  </form>
)
