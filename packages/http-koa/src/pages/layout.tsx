import type { ComponentChildren, VNode } from 'preact'
import type { Page } from './pages.ts'
import { Untrusted } from './untrusted.tsx'

/** What all pages share: the document's head, who is signed in, and the main part. */
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
  /** The page of the navigation that this is. */
  readonly current?: 'keys' | undefined
  /** Whether something has to be corrected here; the title says so first. */
  readonly hasError?: boolean | undefined
  /** The name of an asset to run. */
  readonly script?: string | undefined
  readonly children?: ComponentChildren | undefined
}): VNode => {
  const { locale, texts, person, paths } = page
  return (
    <html lang={locale} dir={texts.page.direction}>
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
                  {texts.page.signedInAs} <Untrusted most={40}>{person}</Untrusted>
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

/** Goes into every form that posts. */
export const CsrfToken = ({ page }: { readonly page: Page }): VNode => (
  <input type="hidden" name="csrf_token" value={page.csrfToken} />
)
