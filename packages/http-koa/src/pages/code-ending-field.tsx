import { CODE_ENDING_LENGTH } from '@device-grant/core'
import type { VNode } from 'preact'
import { NOT_TRANSLATED } from './not-translated.ts'
import type { Page } from './pages.ts'
import { fillIn } from './texts/fill-in.tsx'

/** The field for the last characters of the user code, which the person reads from the device. */
export const CodeEndingField = ({
  page,
  isWrong = false,
}: {
  readonly page: Page
  readonly isWrong?: boolean | undefined
}): VNode => {
  const { codeEnding, codeEndingHint } = page.texts.safeguards
  const count = { count: CODE_ENDING_LENGTH }
  return (
    <>
      <label for="code-ending">{fillIn(page.locale, codeEnding, count)}</label>
      <input
        {...NOT_TRANSLATED}
        class="typed-code"
        type="text"
        id="code-ending"
        name="code_ending"
        autocomplete="off"
        autocapitalize="characters"
        autocorrect="off"
        spellcheck={false}
        maxlength={40}
        aria-describedby="code-ending-hint"
        {...(isWrong ? { 'aria-invalid': 'true' as const } : {})}
      />
      <p class="quiet small" id="code-ending-hint">
        {codeEndingHint}
      </p>
    </>
  )
}
