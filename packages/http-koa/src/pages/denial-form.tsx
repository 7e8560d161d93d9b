import type { VNode } from 'preact'
import { CsrfToken } from './layout.tsx'
import type { Page } from './pages.ts'
import { printableText } from './printable-text.tsx'

/** The form that denies a request which cannot be approved, and may report it. */
export const DenialForm = ({
  page,
  userCode,
}: {
  readonly page: Page
  readonly userCode: string
}): VNode => (
  <form method="post" action={page.paths.verify} class="actions">
    <CsrfToken page={page} />
    <input type="hidden" name="user_code" value={printableText(userCode)} />
    <button type="submit" name="decision" value="deny">
      {page.texts.confirm.deny}
    </button>
    <button type="submit" class="plain" name="decision" value="report">
      {page.texts.confirm.report}
    </button>
  </form>
)
