import test from 'ava'
import type { Browser } from 'playwright-core'
import { CHROMIUM_CANDIDATES, CHROMIUM_PATH, launchChromium } from './launch-chromium.ts'
import { reportSkipped } from './skipped-tests.ts'

export { CHROMIUM_PATH }

/** The tests of one file in one browser. */
export interface BrowserTests {
  /** Declares a test. Without Chromium it is skipped. Tests take turns, because parallel pages are slow. */
  readonly browserTest: typeof test.serial | typeof test.skip
  /** The browser, once the tests run. It reaches nothing but loopback. */
  readonly browser: () => Browser
}

/**
 * Starts a browser before the tests of the calling file, and stops it after them.
 * @param host a name that is resolved to loopback, beside `localhost`
 */
export const inChromium = (what: string, host = 'localhost'): BrowserTests => {
  if (CHROMIUM_PATH === undefined) {
    const looked = CHROMIUM_CANDIDATES.join(' or ')
    const how = 'install it (Debian: apt-get install chromium) or set CHROMIUM_PATH'
    reportSkipped(`${what}: no Chromium at ${looked}. To run it, ${how}`)
  }
  let started: Browser | undefined
  if (CHROMIUM_PATH !== undefined) {
    test.before(async () => {
      started = await launchChromium(host)
    })
    test.after.always(() => started?.close())
  }
  return {
    browserTest: CHROMIUM_PATH === undefined ? test.skip : test.serial,
    browser: () => {
      if (!started) throw new Error('The browser is not started')
      return started
    },
  }
}
