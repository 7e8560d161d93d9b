import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { hasChromium, launchChromium } from '@device-grant/test-support/chromium'
import { findings, PHONE, SCREENSHOTS } from '@device-grant/test-support/visitor'
import test from 'ava'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { createPages } from '#src/pages/create-pages.js'
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

const browserTest = hasChromium('the pages in a browser') ? test.serial : test.skip

const pages = createPages()
const documents = new Map<string, string>()
for (const locale of pages.locales) {
  for (const [name, html] of allPages(pages, locale)) documents.set(`/${locale}/${name}`, html)
  const long = allPages(pages, locale, 'Verylong'.repeat(250))
  for (const [name, html] of long) documents.set(`/${locale}-long/${name}`, html)
}

const server: Server = createServer((request, response) => {
  const path = request.url?.split('?', 1)[0] ?? ''
  const asset = pages.assets.get(path.replace(`${pathsBelow('').assets}/`, ''))
  const html = documents.get(path)
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  if (asset) response.setHeader('Content-Type', asset.type)
  else response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.statusCode = asset || html !== undefined ? 200 : 404
  response.end(asset?.body ?? html ?? 'none')
})

let browser: Browser
let origin = ''

if (browserTest !== test.skip) {
  test.before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    origin = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : ''
    browser = await launchChromium()
  })

  test.after.always(async () => {
    await browser?.close()
    server.close()
  })
}

/** A page of its own, and all that its console says. */
const open = async (options: BrowserContextOptions): Promise<[Page, string[]]> => {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (fault) => said.push(String(fault)))
  return [page, said]
}

const SIZES = {
  phone: PHONE,
  narrow: { width: 320, height: 640 },
  desk: { width: 1000, height: 800 },
} as const
const NAMES: readonly string[] = [...allPages(pages, 'en').keys()]
/** Messages differ in their words and in three tones. */
const KINDS_OF_PAGE = NAMES.filter(
  (name) => !/^message-/.test(name) || /-(?:approved|expired|fault-bare)$/.test(name),
)

/** Every page; of the messages the one with all that it can say. */
const WHOLE = NAMES.filter((name) => !/^message-.*-bare$/.test(name))

const draw = async (page: Page, size: keyof typeof SIZES, scheme: string): Promise<void> => {
  const name = new URL(page.url()).pathname.slice(1).replace('/', '-')
  const file = new URL(`${name}-${size}-${scheme}.png`, SCREENSHOTS)
  await page.screenshot({ path: file.pathname, fullPage: true })
}

browserTest('axe finds nothing on any page, in light and in dark', async (t) => {
  const [page, said] = await open({ viewport: SIZES.phone })
  for (const name of WHOLE) {
    await page.goto(`${origin}/en/${name}`)
    t.deepEqual(await findings(page, ['light', 'dark']), [], name)
    await draw(page, 'phone', 'dark')
  }
  t.deepEqual(said, [], 'the policy blocks nothing that the pages need')
  await page.context().close()
})

browserTest('no page scrolls sideways, however narrow the screen and long the words', async (t) => {
  const [page] = await open({ viewport: SIZES.narrow })
  const look = async (path: string, size: keyof typeof SIZES = 'narrow'): Promise<void> => {
    await page.goto(`${origin}/${path}`)
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    t.is(wide, SIZES[size].width, path)
  }
  for (const name of KINDS_OF_PAGE) await look(`en-long/${name}`)
  for (const name of WHOLE) {
    await look(`de/${name}`)
    t.deepEqual(await findings(page, ['light']), [], 'axe finds nothing in the other language')
    await draw(page, 'narrow', 'light')
  }
  await page.setViewportSize(SIZES.desk)
  for (const name of ['enter-code', 'confirm', 'confirm-elsewhere', 'keys']) {
    await look(`en/${name}`, 'desk')
    await draw(page, 'desk', 'light')
  }
  await page.context().close()
})

browserTest('a code is upper-cased as it is typed, and the caret stays', async (t) => {
  const [page] = await open({})
  await page.goto(`${origin}/en/enter-code`)
  t.is(await page.evaluate('document.activeElement.id'), 'user_code')
  await page.keyboard.type('wdjb-mht')
  t.is(await page.inputValue('#user_code'), 'WDJB-MHT')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.type('j')
  t.is(await page.inputValue('#user_code'), 'WDJB-MJHT')
  t.is(await page.evaluate('document.activeElement.selectionStart'), 7)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/oauth/device/verify?user_code=WDJB-MJHT`)
  t.pass()
  await page.context().close()
})

browserTest('the keyboard reaches deny before approve, and sees where it is', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  await page.goto(`${origin}/en/confirm`)
  t.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  const reached: string[] = []
  for (let i = 0; i < 4; i += 1) {
    await page.keyboard.press('Tab')
    reached.push(String(await page.evaluate('document.activeElement.textContent.trim()')))
    t.is(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
  }
  t.deepEqual(reached, ['Connected devices', 'Sign out', 'Deny', 'Approve'])
  const deny = await page.locator('button[value=deny]').boundingBox()
  const approve = await page.locator('button[value=approve]').boundingBox()
  t.is(deny?.width, approve?.width)
  t.is(deny?.height, approve?.height)
  t.true((deny?.x ?? 0) < (approve?.x ?? 0))
  await page.goto(`${origin}/de/confirm`)
  const german = await page.locator('button[value=approve]').boundingBox()
  t.is(german?.height, approve?.height, 'the longer word stays whole')
  await page.context().close()
})
