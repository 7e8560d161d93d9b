import type { ExecutionContext } from 'ava'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** The size of a small phone. */
export const PHONE = { width: 360, height: 740 } as const

/**
 * Opens a page in a browser context of its own, on a phone. The test fails if the console reports an
 * error or a warning, such as a blocked resource, a failed script or a missing file.
 * @param options.silent what the URLs of pages begin with whose console counts; default: all
 */
export const openPage = async (
  t: ExecutionContext,
  browser: Browser,
  { silent = 'http', ...options }: BrowserContextOptions & { readonly silent?: string } = {},
): Promise<Page> => {
  const context = await browser.newContext({ viewport: PHONE, locale: 'en', ...options })
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    const { url } = message.location()
    if (!(message.page()?.url() ?? url).startsWith(silent) && !url.startsWith(silent)) return
    // A refusal is a page with a status of 4xx, which the console reports too.
    const isRefusal = /^Failed to load resource: .*status of 4\d\d/.test(message.text())
    if (isRefusal && !url.includes('/assets/')) return
    // Browsers report this for every page over plain http beyond loopback.
    if (message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored')) return
    complaints.push(`${message.text()} (${url})`)
  })
  t.teardown(async () => {
    await context.close()
    if (complaints.length > 0) throw new Error(`The console reports: ${complaints.join('\n')}`)
  })
  return context.newPage()
}
