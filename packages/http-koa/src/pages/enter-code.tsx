import type { VNode } from 'preact'
import { Layout } from './layout.tsx'
import type { EnterCodeView, Page } from './pages.ts'
import { minutesOf } from './times.tsx'
import { plainText } from './untrusted.tsx'

/** Tries are worth counting down from here. */
const FEW_TRIES = 3

/** The form for a code. It changes nothing, so it is a GET. */
export const EnterCodePage = ({
  page,
  view: { typed = '', problem, attemptsLeft, retryAfterMs },
}: {
  readonly page: Page
  readonly view: EnterCodeView
}): VNode => {
  const texts = page.texts.enterCode
  const described = problem === undefined ? 'code-hint' : 'code-problem code-hint'
  const mayTry = attemptsLeft === undefined || attemptsLeft > 0
  const script = mayTry ? { script: 'enter-code.js' } : {}
  return (
    <Layout page={page} title={texts.title} hasError={problem !== undefined} {...script}>
      <div class="card">
        {mayTry && <p>{texts.intro}</p>}
        {problem !== undefined && (
          <div class="message bad" role="alert" id="code-problem">
            <p>{problem === 'expired' ? texts.expired : texts.invalid}</p>
            {attemptsLeft !== undefined && attemptsLeft <= FEW_TRIES && (
              <p>
                <strong>{texts.attemptsLeft(attemptsLeft)}</strong>
                {retryAfterMs !== undefined && (
                  <> {page.texts.message.wait(minutesOf(retryAfterMs))}</>
                )}
              </p>
            )}
          </div>
        )}
        {mayTry ? (
          <form method="get" action={page.paths.verify}>
            <label for="user_code">{texts.label}</label>
            <input
              class="typed-code"
              type="text"
              id="user_code"
              name="user_code"
              value={plainText(typed, 64)}
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
      {mayTry && <p class="quiet small">{texts.warning}</p>}
    </Layout>
  )
}
