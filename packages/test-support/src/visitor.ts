import { mkdirSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import type { ExecutionContext } from 'ava'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export const PHONE = { width: 360, height: 740 } as const

/** Pictures of the pages, for people to look at. */
export const SCREENSHOTS: URL = new URL('../../../screenshots/', import.meta.url)

/**
 * Somebody with a phone and a browser of their own. The test fails when its console complains: of
 * what the pages' policy blocks, of scripts that fail, of files that are not there.
 * @param options.silent what the URLs of the pages that must not complain begin with; default: all
 */
export const openBrowser = async (
  t: ExecutionContext,
  browser: Browser,
  { silent = 'http', ...options }: BrowserContextOptions & { readonly silent?: string } = {},
): Promise<Page> => {
  const context = await browser.newContext({ viewport: PHONE, locale: 'en', ...options })
  context.setDefaultTimeout(20_000)
  const complaints: string[] = []
  context.on('weberror', (fault) => complaints.push(String(fault.error())))
  context.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    const { url } = message.location()
    if (!(message.page()?.url() ?? url).startsWith(silent) && !url.startsWith(silent)) return
    // A page that refuses has a status that says so.
    const isRefusal = /^Failed to load resource: .*status of 4\d\d/.test(message.text())
    if (isRefusal && !url.includes('/assets/')) return
    // All that it can do over plain http beyond loopback.
    if (message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored')) return
    complaints.push(`${message.text()} (${url})`)
  })
  t.teardown(async () => {
    await context.close()
    if (complaints.length > 0) throw new Error(`The console says: ${complaints.join('\n')}`)
  })
  return context.newPage()
}

/** All rules of axe that are about colours, but for those that are off. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

type ColorScheme = 'light' | 'dark'

/** Fills in the demo sign-in. */
export const signIn = async (page: Page, name: string): Promise<void> => {
  await page.fill('[name=name]', name)
  await page.click('main button')
}

/** Types a code, on the page that asks for one. */
export const enterCode = async (page: Page, code: string): Promise<void> => {
  await page.fill('[name=user_code]', code)
  await page.click('main button')
}

/** Presses one of the two buttons, and waits for the page that follows. */
export const decide = async (page: Page, decision: 'approve' | 'deny'): Promise<void> => {
  await page.click(`button[value=${decision}]`)
}

export const title = (page: Page): Promise<string> => page.locator('h1').innerText()

/**
 * What axe finds on a page: by all of its rules, and in a second colour scheme by those on colours.
 * @throws when it did not look at colours
 */
export const findings = async (
  page: Page,
  schemes: readonly ColorScheme[] = ['light', 'dark'],
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme })
    // The first run has left axe in the page. Ours have no frames, which legacy mode leaves out.
    const isFirst = colorScheme === schemes[0]
    const axe = new AxeBuilder({ page, ...(isFirst ? {} : { axeSource: 'void 0' }) })
      .setLegacyMode()
      .options({ resultTypes: ['violations'] })
    if (!isFirst) axe.withRules(COLOUR_RULES)
    const { passes, violations } = await axe.analyze()
    if (!passes.some(({ id }) => id === 'color-contrast')) throw new Error('No colours seen')
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ html }) => `${colorScheme}: ${id}: ${html}`))
    }
  }
  return found
}

/**
 * Draws the page as `flow-{name}` and looks for what is wrong with it: anything that axe finds, in
 * light or in dark, and anything that makes a narrow screen scroll sideways.
 */
export const lookAt = async (t: ExecutionContext, page: Page, name: string): Promise<void> => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    const file = new URL(`flow-${name}-${colorScheme}.png`, SCREENSHOTS)
    await page.screenshot({ path: file.pathname, fullPage: true })
  }
  t.deepEqual(await findings(page), [], name)
  t.is(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width, name)
}
