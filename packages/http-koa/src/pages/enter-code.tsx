import type { VNode } from 'preact'
import { MAX_TYPED } from '../http/max-typed.ts'
import { Layout } from './layout.tsx'
import { NOT_TRANSLATED } from './not-translated.ts'
import type { EnterCodeRefusal, EnterCodeView, Page } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { fillIn } from './texts/fill-in.tsx'
import type { Texts } from './texts/texts.ts'
import { wholeMinutes } from './times.tsx'

/** The number of attempts left is shown from here down. */
const FEW_ATTEMPTS = 3

/** Whether the person may enter another code now, so that the page has its form. */
export const hasAttempts = ({ refusal }: EnterCodeView): boolean =>
  refusal?.outcome !== 'invalid' || refusal.attemptsLeft > 0

/** The form for a user code. It is a GET form, because it changes nothing. */
export const EnterCodePage = ({
  page,
  view,
}: {
  readonly page: Page
  readonly view: EnterCodeView
}): VNode => {
  const texts = page.texts.enterCode
  const { typed = '', typedMark, refusal } = view
  const hasError = refusal !== undefined
  const hasForm = hasAttempts(view)
  // A script fills the field and selects its text. Without one, the next code would be appended.
  const isWrong = refusal?.outcome === 'malformed' || refusal?.outcome === 'invalid'
  const shown = printableText(typed, MAX_TYPED)
  const script = hasForm ? { script: 'enter-code.js' } : {}
  return (
    <Layout page={page} title={texts.title} hasError={hasError} {...script}>
      <div class="card">
        {hasForm && <p>{texts.intro}</p>}
        {hasError && (
          <div class="message bad" role="alert" id="code-problem">
            <Problem page={page} refusal={refusal} />
            {isWrong && typed !== '' && (
              <p>
                {texts.youTyped}{' '}
                <code>
                  <PrintableText maxLength={64}>{typed}</PrintableText>
                </code>
              </p>
            )}
          </div>
        )}
        {hasForm ? (
          <form method="get" action={page.paths.verify}>
            {typedMark !== undefined && <input type="hidden" name="typed" value={typedMark} />}
            <label for="user_code">{texts.label}</label>
            <input
              class="typed-code"
              type="text"
              id="user_code"
              name="user_code"
              {...NOT_TRANSLATED}
              {...(isWrong ? { value: '', 'data-typed': shown } : { value: shown })}
              required
              autofocus
              autocomplete="off"
              autocapitalize="characters"
              autocorrect="off"
              spellcheck={false}
              inputmode="text"
              enterkeyhint="go"
              maxlength={MAX_TYPED}
              aria-describedby={hasError ? 'code-problem code-hint' : 'code-hint'}
              {...(hasError ? { 'aria-invalid': 'true' as const } : {})}
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
      {hasForm && <p class="quiet small">{texts.warning}</p>}
    </Layout>
  )
}

/** Why the code has to be entered again. */
const Problem = ({
  page,
  refusal,
}: {
  readonly page: Page
  readonly refusal: EnterCodeRefusal
}): VNode => {
  const { locale } = page
  const { enterCode: texts, message } = page.texts
  switch (refusal.outcome) {
    case 'contested':
      return <p>{fillIn(locale, texts.contested, { count: wholeMinutes(refusal.retryAfterMs) })}</p>
    case 'attempts_in_progress':
      return <p>{texts.inProgress}</p>
    case 'malformed': {
      const { codeLength, typedLength, charset } = refusal
      const kind = texts.kinds[kindOf(charset)]
      return codeLength === typedLength ? (
        <p>
          {fillIn(locale, texts.wrongCharacters, { kind })}{' '}
          <code {...NOT_TRANSLATED}>{charset}</code>
        </p>
      ) : (
        <p>{fillIn(locale, texts.wrongLength, { codeLength, kind, count: typedLength })}</p>
      )
    }
    case 'invalid': {
      const { attemptsLeft, retryAfterMs } = refusal
      return (
        <>
          <p>{texts.invalid}</p>
          {attemptsLeft <= FEW_ATTEMPTS && (
            <p>
              <strong>
                {fillIn(locale, texts.attemptsLeft, { count: Math.max(0, attemptsLeft) })}
              </strong>
              {retryAfterMs !== undefined && (
                <> {fillIn(locale, message.wait, { count: wholeMinutes(retryAfterMs) })}</>
              )}
            </p>
          )}
        </>
      )
    }
  }
}

const kindOf = (charset: string): keyof Texts['enterCode']['kinds'] => {
  if (/^[A-Z]+$/.test(charset)) return 'letters'
  return /^\d+$/.test(charset) ? 'digits' : 'characters'
}
