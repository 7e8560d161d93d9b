import { mkdirSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { PHONE } from './watched-page.ts'

/** The folder of the screenshots. */
export const SCREENSHOTS: URL = new URL('../../../screenshots/', import.meta.url)

/** The rules of axe about colours that are on by default. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

type ColorScheme = 'light' | 'dark'

/**
 * The findings of axe: by all of its rules, and in a second colour scheme by those about colours.
 * @throws {Error} if axe did not check colours
 */
export const findings = async (
  page: Page,
  schemes: readonly ColorScheme[] = ['light', 'dark'],
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme })
    // The first run leaves axe in the page. Legacy mode skips frames, which our pages do not have.
    const isFirst = colorScheme === schemes[0]
    const axe = new AxeBuilder({ page, ...(isFirst ? {} : { axeSource: 'void 0' }) })
      .setLegacyMode()
      .options({ resultTypes: ['violations'] })
    if (!isFirst) axe.withRules(COLOUR_RULES)
    const { passes, violations } = await axe.analyze()
    if (!passes.some(({ id }) => id === 'color-contrast'))
      throw new Error('No colours were checked')
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ html }) => `${colorScheme}: ${id}: ${html}`))
    }
  }
  return found
}

/**
 * Saves screenshots of the page as `flow-{name}`. The test fails if axe finds something in light or
 * dark colours, or if a narrow screen scrolls sideways.
 */
export const inspect = async (t: ExecutionContext, page: Page, name: string): Promise<void> => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    const file = new URL(`flow-${name}-${colorScheme}.png`, SCREENSHOTS)
    await page.screenshot({ path: file.pathname, fullPage: true })
  }
  t.deepEqual(await findings(page), [], name)
  t.is(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width, name)
}
