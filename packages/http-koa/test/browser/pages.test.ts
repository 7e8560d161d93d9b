import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { CHROMIUM_PATH, inChromium } from '@device-grant/test-support/chromium'
import { listen } from '@device-grant/test-support/loopback'
import { findings, SCREENSHOTS } from '@device-grant/test-support/page-inspection'
import { PHONE } from '@device-grant/test-support/watched-page'
import test from 'ava'
import type { BrowserContextOptions, Page } from 'playwright-core'
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

const { browserTest, browser } = inChromium('the pages in a browser')

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
  // The page of an approval asks for its key now and then.
  const asks = path.endsWith('/message-approved') ? "; connect-src 'self'" : ''
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY + asks)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  if (asset) response.setHeader('Content-Type', asset.type)
  else response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.statusCode = asset || html !== undefined ? 200 : 404
  response.end(asset?.body ?? html ?? 'none')
})

let origin = ''

if (CHROMIUM_PATH !== undefined) {
  test.before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    origin = await listen(server)
  })

  test.after.always(() => void server.close())
}

/** Opens a page, and collects the messages of its console. */
const open = async (options: BrowserContextOptions): Promise<[Page, string[]]> => {
  const context = await browser().newContext(options)
  const page = await context.newPage()
  const messages: string[] = []
  page.on('console', (message) => messages.push(message.text()))
  page.on('pageerror', (error) => messages.push(String(error)))
  return [page, messages]
}

const SIZES = {
  phone: PHONE,
  narrow: { width: 320, height: 640 },
  desk: { width: 1000, height: 800 },
} as const
const NAMES: readonly string[] = [...allPages(pages, 'en').keys()]
/** All pages, but only one message of each tone: messages differ only in tone and text. */
const KINDS_OF_PAGE = NAMES.filter(
  (name) => !/^message-/.test(name) || /-(?:approved|expired|fault-bare)$/.test(name),
)

/** All pages, each message in its longest form. */
const LONGEST = NAMES.filter((name) => !/^message-.*-bare$/.test(name))

const takeScreenshot = async (
  page: Page,
  size: keyof typeof SIZES,
  scheme: string,
): Promise<void> => {
  const name = new URL(page.url()).pathname.slice(1).replace('/', '-')
  const file = new URL(`${name}-${size}-${scheme}.png`, SCREENSHOTS)
  await page.screenshot({ path: file.pathname, fullPage: true })
}

browserTest('axe finds nothing on any page, in light and dark', async (t) => {
  const [page, messages] = await open({ viewport: SIZES.phone })
  for (const name of LONGEST) {
    await page.goto(`${origin}/en/${name}`)
    const hasOwnColors = KINDS_OF_PAGE.includes(name)
    t.deepEqual(await findings(page, hasOwnColors ? ['light', 'dark'] : ['light']), [], name)
    if (hasOwnColors) await takeScreenshot(page, 'phone', 'dark')
  }
  t.deepEqual(messages, [], 'the policy blocks nothing that the pages need')
  await page.context().close()
})

browserTest('axe finds nothing on any kind of page in the other languages', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  for (const locale of pages.locales.filter((tag) => tag !== 'en')) {
    // The front page is the same for people who are signed in.
    for (const name of KINDS_OF_PAGE.filter((kind) => kind !== 'home-signed-out')) {
      await page.goto(`${origin}/${locale}/${name}`)
      t.deepEqual(await findings(page, ['light']), [], `${locale} ${name}`)
      if (locale === 'ar') await takeScreenshot(page, 'phone', 'light')
    }
  }
  await page.context().close()
})

browserTest('Arabic pages run from right to left, and their codes do not', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  await page.goto(`${origin}/ar/confirm`)
  const box = (selector: string) => page.locator(selector).first().boundingBox()
  const [heading, deny, approve] = [await box('h1'), await box('.deny'), await box('.approve')]
  const [main] = [await box('main')]
  t.true((deny?.x ?? 0) > (approve?.x ?? 0), 'Deny is the first button from the right')
  t.is((heading?.x ?? 0) + (heading?.width ?? 0), (main?.x ?? 0) + (main?.width ?? 0) - 16)
  t.is(await page.evaluate('getComputedStyle(document.querySelector(".code")).direction'), 'ltr')
  const times = await page.locator('time[data-time]').allTextContents()
  t.true(times.length > 0 && times.every((text) => /2030 .*\d:\d\d/.test(text)), times.join())
  await page.goto(`${origin}/ar/enter-code`)
  t.is(await page.evaluate('getComputedStyle(document.activeElement).direction'), 'ltr')
  await page.context().close()
})

browserTest('no page scrolls sideways on a narrow screen, even with long words', async (t) => {
  const [page] = await open({ viewport: SIZES.narrow })
  const visit = async (path: string, size: keyof typeof SIZES = 'narrow'): Promise<void> => {
    await page.goto(`${origin}/${path}`)
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    t.is(wide, SIZES[size].width, path)
  }
  for (const name of KINDS_OF_PAGE) {
    await visit(`en-long/${name}`)
    for (const locale of ['fr', 'es', 'ar']) await visit(`${locale}/${name}`)
  }
  for (const name of LONGEST) {
    await visit(`de/${name}`)
    // The pages differ from the English ones in texts only.
    if (KINDS_OF_PAGE.includes(name)) await takeScreenshot(page, 'narrow', 'light')
  }
  await page.setViewportSize(SIZES.desk)
  for (const name of [
    'enter-code',
    'confirm',
    'confirm-elsewhere',
    'confirm-choices',
    'keys',
    'keys-named',
  ]) {
    await visit(`en/${name}`, 'desk')
    await takeScreenshot(page, 'desk', 'light')
    await visit(`ar/${name}`, 'desk')
    await takeScreenshot(page, 'desk', 'light')
  }
  await page.context().close()
})

browserTest('a code turns to upper case as it is typed, and the caret stays', async (t) => {
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

browserTest(
  'after a wrong code its text is selected, so that the next one replaces it',
  async (t) => {
    const [page] = await open({})
    await page.goto(`${origin}/en/enter-code-invalid`)
    t.is(await page.inputValue('#user_code'), 'WDJB-MJH')
    await page.keyboard.type('wdjb-mjht')
    t.is(await page.inputValue('#user_code'), 'WDJB-MJHT')
    await page.context().close()
    const [bare] = await open({ javaScriptEnabled: false })
    await bare.goto(`${origin}/en/enter-code-invalid`)
    t.is(await bare.inputValue('#user_code'), '')
    t.true(await bare.getByText('You typed: WDJB-MJH').isVisible())
    await bare.keyboard.type('WDJB-MJHT')
    t.is(await bare.inputValue('#user_code'), 'WDJB-MJHT')
    await bare.context().close()
  },
)

browserTest('Enter in a field or on a box of the confirm page decides nothing', async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const [page] = await open({ javaScriptEnabled })
    let posts = 0
    page.on('request', (request) => {
      if (request.method() === 'POST') posts += 1
    })
    await page.goto(`${origin}/en/confirm-choices`)
    await page.click('details.card > summary')
    for (const field of ['#device-name', '#replaces', '#scope-1']) {
      await page.press(field, 'Enter')
      t.is(await page.inputValue('#device-name'), 'Maria’s MacBook', field)
    }
    t.is(posts, 0)
    await page.click('button[value=deny]')
    t.is(posts, 1)
    await page.context().close()
  }
})

browserTest('Tab reaches Deny before Approve, and the focus is visible', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  await page.goto(`${origin}/en/confirm`)
  t.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  const reached: string[] = []
  for (let i = 0; i < 6; i += 1) {
    await page.keyboard.press('Tab')
    const name = 'document.activeElement.labels?.[0] ?? document.activeElement'
    reached.push(String(await page.evaluate(`(${name}).textContent.trim()`)))
    t.is(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
  }
  t.deepEqual(reached, [
    'Connected devices',
    'Sign out',
    'Use another account',
    'Deny',
    'Approve',
    'I did not start this',
  ])
  const deny = await page.locator('button[value=deny]').boundingBox()
  const approve = await page.locator('button[value=approve]').boundingBox()
  t.is(deny?.width, approve?.width)
  t.is(deny?.height, approve?.height)
  t.true((deny?.x ?? 0) < (approve?.x ?? 0))
  await page.goto(`${origin}/de/confirm`)
  const german = await page.locator('button[value=approve]').boundingBox()
  t.is(german?.height, approve?.height, 'the longer label does not break')
  await page.context().close()
})

browserTest('both buttons are above the fold of a phone, with two permissions', async (t) => {
  const [page] = await open({ viewport: { width: 390, height: 844 } })
  for (const locale of pages.locales) {
    await page.goto(`${origin}/${locale}/confirm-two-scopes`)
    for (const decision of ['deny', 'approve']) {
      const box = await page.locator(`button[value=${decision}]`).boundingBox()
      t.true((box?.y ?? 0) + (box?.height ?? 0) <= 844, `${locale} ${decision} ends at ${box?.y}`)
    }
    t.false(await page.locator('#device-name').isVisible(), 'the details are folded')
  }
  await page.context().close()
})

browserTest('times are in the zone of the reader, and in UTC without JavaScript', async (t) => {
  for (const [javaScriptEnabled, time, day] of [
    [true, 'Jan 16, 2030, 1:58 AM', 'January 17, 2030'],
    [false, 'Jan 15, 2030, 11:58 AM UTC', 'January 16, 2030'],
  ] as const) {
    const [page] = await open({ javaScriptEnabled, timezoneId: 'Pacific/Kiritimati', locale: 'en' })
    await page.goto(`${origin}/en/confirm`)
    await page.click('details.card > summary')
    const [until = '', requested = ''] = await page.locator('time').allInnerTexts()
    t.is(until, day)
    t.is(requested.replaceAll(/\s/g, ' '), time)
    await page.context().close()
  }
})

browserTest('the consequence follows the chosen lifetime', async (t) => {
  const [page] = await open({})
  await page.goto(`${origin}/en/confirm-choices`)
  t.is(await page.locator('.until').innerText(), 'January 16, 2030')
  await page.selectOption('#lifetime', '2592000')
  t.is(await page.locator('.until').innerText(), 'February 14, 2030')
  await page.context().close()
})
