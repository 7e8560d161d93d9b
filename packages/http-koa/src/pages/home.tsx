import type { VNode } from 'preact'
import { Layout } from './layout.tsx'
import type { Page } from './pages.ts'

/** The front page: what the service is for, and where to go. It needs no sign-in. */
export const HomePage = ({ page }: { readonly page: Page }): VNode => {
  const { texts, paths } = page
  return (
    <Layout page={page} title={texts.home.title}>
      <div class="card">
        <p>{texts.home.intro}</p>
        <p>{texts.home.start}</p>
        <p class="actions">
          <a class="button main-action" href={paths.verify}>
            {texts.message.enterCode}
          </a>
          <a class="button" href={paths.keys}>
            {texts.home.devices}
          </a>
        </p>
      </div>
      <p class="quiet small">{texts.enterCode.warning}</p>
    </Layout>
  )
}
