import type { ComponentChildren, VNode } from 'preact'
import { directionOf } from './direction.ts'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'

/** The frame of every page: document head, header with the signed-in person, and main part. */
export const Layout = ({
  page,
  title,
  current,
  hasError = false,
  script,
  children,
}: {
  readonly page: Page
  readonly title: string
  /** The entry of the navigation that stands for this page. */
  readonly current?: 'keys' | undefined
  /** Whether the form has an error. The document title then begins with the word. */
  readonly hasError?: boolean | undefined
  /** The name of the asset to run as a script. */
  readonly script?: string | undefined
  readonly children?: ComponentChildren | undefined
}): VNode => {
  const { locale, texts, person, paths } = page
  return (
    <html lang={locale} dir={directionOf(locale)}>
      <head>
        <meta charset="utf-8" />
        <title>{`${hasError ? `${texts.page.error} ` : ''}${title} · ${texts.page.product}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={page.asset('style.css')} />
        {script !== undefined && <script src={page.asset(script)} defer />}
      </head>
      <body>
        <header class="top">
          <div class="band">
            <p class="product">{texts.page.product}</p>
            {person !== undefined && (
              <div class="account">
                <p class="who">
                  {texts.page.signedInAs} <PrintableText maxLength={40}>{person}</PrintableText>
                </p>
                <nav aria-label={texts.page.navigation}>
                  <a href={paths.keys} {...(current === 'keys' ? { 'aria-current': 'page' } : {})}>
                    {texts.page.connectedDevices}
                  </a>
                  {page.canSignOut && (
                    <form method="post" action={paths.signOut}>
                      <CsrfToken page={page} />
                      <button type="submit" class="plain">
                        {texts.page.signOut}
                      </button>
                    </form>
                  )}
                </nav>
              </div>
            )}
          </div>
        </header>
        <main>
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  )
}

/** The hidden field that every POST form needs. */
export const CsrfToken = ({ page }: { readonly page: Page }): VNode => (
  <input type="hidden" name="csrf_token" value={page.csrfToken} />
)
