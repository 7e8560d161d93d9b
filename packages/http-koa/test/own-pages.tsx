// --- the example of docs/pages.md
import { createPages, Layout } from '@device-grant/http-koa'

export const pages = createPages({
  // Change texts, or add a language. Missing texts are English.
  texts: {
    en: { page: { product: 'Acme' } },
    nl: { enterCode: { title: 'Vul de code in' } },
  },
  // Replace the built-in style sheet.
  assets: { 'style.css': { type: 'text/css; charset=utf-8', body: 'body { font: 1.1em serif }' } },
  // Replace a page. JSX (Preact) is escaped; a string is sent unchanged.
  templates: {
    message: (page, view) => (
      <Layout page={page} title="Acme">
        {view.kind}
      </Layout>
    ),
  },
})
