import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type BrowserTests, CHROMIUM_PATH, inChromium } from '@device-grant/test-support/chromium'
import { listen } from '@device-grant/test-support/loopback'
import { SCREENSHOTS } from '@device-grant/test-support/page-inspection'
import { PHONE } from '@device-grant/test-support/watched-page'
import test from 'ava'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { createPages } from '#src/pages/create-pages.js'
import type { Pages } from '#src/pages/pages.js'
import { pathsBelow } from '#src/paths.js'
import { allPages } from '../sample-pages.ts'

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const pages: Pages = createPages()
const documents = new Map<string, string>()
for (const locale of pages.locales) {
  for (const [name, html] of allPages(pages, locale)) documents.set(`/${locale}/${name}`, html)
  const long = allPages(pages, locale, 'Verylong'.repeat(250))
  for (const [name, html] of long) documents.set(`/${locale}-long/${name}`, html)
}

const serve = (): Server =>
  createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const asset = pages.assets.get(path.replace(`${pathsBelow('').assets}/`, ''))
    const html = documents.get(path)
    // The page of an approval asks for its key now and then.
    const asks = path.endsWith('/message-approved') ? "; connect-src 'self'" : ''
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY + asks)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (asset) response.setHeader('Content-Type', asset.type)
    else response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.statusCode = asset || html !== undefined ? 200 : 404
    response.end(asset?.body ?? html ?? 'none')
  })

/** The windows that the pages are tried in. */
export const SIZES = {
  phone: PHONE,
  narrow: { width: 320, height: 640 },
  desk: { width: 1000, height: 800 },
} as const
const NAMES: readonly string[] = [...allPages(pages, 'en').keys()]
/** All pages, but only one message of each tone: messages differ only in tone and text. */
export const KINDS_OF_PAGE: readonly string[] = NAMES.filter(
  (name) => !/^message-/.test(name) || /-(?:approved|expired|fault-bare)$/.test(name),
)

/** All pages, each message in its longest form. */
export const LONGEST: readonly string[] = NAMES.filter((name) => !/^message-.*-bare$/.test(name))

/** Takes a picture of the whole page, named after its path. */
export const takeScreenshot = async (
  page: Page,
  size: keyof typeof SIZES,
  scheme: string,
): Promise<void> => {
  const name = new URL(page.url()).pathname.slice(1).replace('/', '-')
  const file = new URL(`${name}-${size}-${scheme}.png`, SCREENSHOTS)
  await page.screenshot({ path: file.pathname, fullPage: true })
}

/** A browser beside a server of all pages, at `/LANGUAGE/NAME`. */
export interface ServedPages extends BrowserTests {
  /** The origin of the server, once the tests run. */
  readonly origin: () => string
  /** Opens a page, and collects the messages of its console. */
  readonly open: (options: BrowserContextOptions) => Promise<[Page, string[]]>
}

/** Serves all pages while the tests of the calling file run. */
export const inServedPages = (what: string): ServedPages => {
  const tests = inChromium(what)
  const server = serve()
  let origin = ''
  if (CHROMIUM_PATH !== undefined) {
    test.before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true })
      origin = await listen(server)
    })
    test.after.always(() => void server.close())
  }
  const open = async (options: BrowserContextOptions): Promise<[Page, string[]]> => {
    const context = await tests.browser().newContext(options)
    const page = await context.newPage()
    const messages: string[] = []
    page.on('console', (message) => messages.push(message.text()))
    page.on('pageerror', (error) => messages.push(String(error)))
    return [page, messages]
  }
  return { ...tests, origin: () => origin, open }
}
