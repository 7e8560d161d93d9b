import type { VNode } from 'preact'
import { directionOf } from './direction.ts'
import { Footer } from './footer.tsx'
import { CsrfToken } from './layout.tsx'
import type { LayoutView, Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'

/** The built-in frame: document head, header with the signed-in person, main part and footer. */
export const BuiltInLayout = ({
  page,
  title,
  heading = title,
  current,
  hasError = false,
  script,
  children,
}: { readonly page: Page } & LayoutView): VNode => {
  const { locale, texts, product, logo } = page
  return (
    <html lang={locale} dir={directionOf(locale)}>
      <head>
        <meta charset="utf-8" />
        <title>{`${hasError ? `${texts.page.error} ` : ''}${title} · ${product}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        {logo ? (
          <link rel="icon" type={logo.type} href={page.asset(logo.name)} />
        ) : (
          <link rel="icon" href="data:," />
        )}
        <link rel="stylesheet" href={page.asset('style.css')} />
        <script src={page.asset('times.js')} defer />
        {script !== undefined && <script src={page.asset(script)} defer />}
        {page.head(page)}
      </head>
      <body>
        <header class="top">
          <div class="band">
            <p class="product">
              {/* The name beside it says the same. */}
              {logo && <img src={page.asset(logo.name)} alt="" />}
              <bdi>{product}</bdi>
            </p>
            <Account page={page} current={current} />
          </div>
        </header>
        <main>
          <h1>{heading}</h1>
          {children}
        </main>
        <Footer page={page} />
      </body>
    </html>
  )
}

/** The signed-in person, and where they go from every page. */
const Account = ({
  page,
  current,
}: {
  readonly page: Page
  readonly current: LayoutView['current']
}): VNode | undefined => {
  const { person, paths } = page
  const texts = page.texts.page
  if (person === undefined) return undefined
  return (
    <div class="account">
      <p class="who">
        {texts.signedInAs} <PrintableText maxLength={40}>{person}</PrintableText>
      </p>
      <nav aria-label={texts.navigation}>
        <a href={paths.keys} {...(current === 'keys' ? { 'aria-current': 'page' } : {})}>
          {texts.connectedDevices}
        </a>
        {page.canSignOut && (
          <form method="post" action={paths.signOut}>
            <CsrfToken page={page} />
            <button type="submit" class="plain">
              {texts.signOut}
            </button>
          </form>
        )}
      </nav>
    </div>
  )
}
