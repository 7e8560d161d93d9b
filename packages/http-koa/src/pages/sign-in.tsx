import type { VNode } from 'preact'
import { MAX_PERSON_ID } from '../http/max-person-id.ts'
import { MAX_TYPED } from '../http/max-typed.ts'
import { CsrfToken, Layout } from './layout.tsx'
import type { Page, SignInView } from './pages.ts'
import { printableText } from './printable-text.tsx'
import { fillIn } from './texts/fill-in.tsx'

/** The form of the demo sign-in, which only asks for a name. */
export const SignInPage = ({
  page,
  view: { returnTo, problem, typed = '' },
}: {
  readonly page: Page
  readonly view: SignInView
}): VNode => {
  const texts = page.texts.signIn
  const described = problem === undefined ? 'name-hint' : 'name-problem name-hint'
  return (
    <Layout page={page} title={texts.title} hasError={problem !== undefined}>
      <div class="card">
        <p>{texts.intro}</p>
        {problem !== undefined && (
          <div class="message bad" role="alert" id="name-problem">
            <p>
              {problem === 'name_missing'
                ? texts.nameMissing
                : fillIn(page.locale, texts.nameInvalid, { max: MAX_PERSON_ID })}
            </p>
          </div>
        )}
        <form method="post" action={page.paths.signIn}>
          <CsrfToken page={page} />
          <input type="hidden" name="return_to" value={returnTo} />
          <label for="name">{texts.label}</label>
          <input
            type="text"
            id="name"
            name="name"
            required
            autofocus
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            maxlength={MAX_PERSON_ID}
            value={printableText(typed, MAX_TYPED)}
            aria-describedby={described}
            {...(problem === undefined ? {} : { 'aria-invalid': 'true' as const })}
          />
          <p class="quiet small" id="name-hint">
            {texts.hint}
          </p>
          <button type="submit" class="main-action">
            {texts.submit}
          </button>
        </form>
      </div>
    </Layout>
  )
}
