// --- pages of one's own
import { createPages, Layout } from '@device-grant/http-koa'

export const pages = createPages({
  // Other words, or another language: what it leaves out is English.
  texts: {
    en: { page: { product: 'Acme' } },
    fr: { enterCode: { title: 'Saisissez le code' } },
  },
  // Another look: this file takes the built-in one's place.
  assets: { 'style.css': { type: 'text/css; charset=utf-8', body: 'body { font: 1.1em serif }' } },
  // Another page: JSX (Preact) is escaped; a string is sent as it is.
  templates: {
    message: (page, view) => (
      <Layout page={page} title="Acme">
        {view.kind}
      </Layout>
    ),
  },
})
