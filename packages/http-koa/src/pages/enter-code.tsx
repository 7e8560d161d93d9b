import type { VNode } from 'preact'
import { Layout } from './layout.tsx'
import type { EnterCodeView, Page } from './pages.ts'
import { printableText } from './printable-text.tsx'
import { wholeMinutes } from './times.tsx'

/** The number of attempts left is shown from here down. */
const FEW_ATTEMPTS = 3

/** The form for a user code. It is a GET form, because it changes nothing. */
export const EnterCodePage = ({
  page,
  view: { typed = '', problem, attemptsLeft, retryAfterMs },
}: {
  readonly page: Page
  readonly view: EnterCodeView
}): VNode => {
  const texts = page.texts.enterCode
  const described = problem === undefined ? 'code-hint' : 'code-problem code-hint'
  const hasAttempts = attemptsLeft === undefined || attemptsLeft > 0
  const script = hasAttempts ? { script: 'enter-code.js' } : {}
  return (
    <Layout page={page} title={texts.title} hasError={problem !== undefined} {...script}>
      <div class="card">
        {hasAttempts && <p>{texts.intro}</p>}
        {problem !== undefined && (
          <div class="message bad" role="alert" id="code-problem">
            <p>{texts.invalid}</p>
            {attemptsLeft !== undefined && attemptsLeft <= FEW_ATTEMPTS && (
              <p>
                <strong>{texts.attemptsLeft(attemptsLeft)}</strong>
                {retryAfterMs !== undefined && (
                  <> {page.texts.message.wait(wholeMinutes(retryAfterMs))}</>
                )}
              </p>
            )}
          </div>
        )}
        {hasAttempts ? (
          <form method="get" action={page.paths.verify}>
            <label for="user_code">{texts.label}</label>
            <input
              class="typed-code"
              type="text"
              id="user_code"
              name="user_code"
              value={printableText(typed, 64)}
              required
              autofocus
              autocomplete="off"
              autocapitalize="characters"
              autocorrect="off"
              spellcheck={false}
              inputmode="text"
              enterkeyhint="go"
              maxlength={64}
              aria-describedby={described}
              {...(problem === undefined ? {} : { 'aria-invalid': 'true' as const })}
            />
            <p class="quiet small" id="code-hint">
              {texts.hint}
            </p>
            <button type="submit" class="main-action">
              {texts.submit}
            </button>
          </form>
        ) : (
          <a class="button" href={page.paths.keys}>
            {page.texts.message.seeDevices}
          </a>
        )}
      </div>
      {hasAttempts && <p class="quiet small">{texts.warning}</p>}
    </Layout>
  )
}
