import { existsSync } from 'node:fs'
import test from 'ava'
import { type Browser, chromium } from 'playwright-core'
import { reportSkipped } from './skipped-tests.ts'

const { CHROMIUM_PATH: given = '' } = process.env
const CANDIDATES = [...(given === '' ? [] : [given]), '/usr/bin/chromium']

/** The path of Chromium. Undefined if there is none. */
export const CHROMIUM_PATH: string | undefined = CANDIDATES.find((path) => existsSync(path))

const launch = (host: string): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM_PATH ?? '',
    // Browsers of people have it, and going back after a sign-out must not show earlier pages.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${host} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
    ],
  })

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
    const looked = CANDIDATES.join(' or ')
    const how = 'install it (Debian: apt-get install chromium) or set CHROMIUM_PATH'
    reportSkipped(`${what}: no Chromium at ${looked}. To run it, ${how}`)
  }
  let started: Browser | undefined
  if (CHROMIUM_PATH !== undefined) {
    test.before(async () => {
      started = await launch(host)
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
