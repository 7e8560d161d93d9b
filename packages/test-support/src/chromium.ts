import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CANDIDATES = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium']

/** Where Chromium is; absent when there is none. */
export const CHROMIUM_PATH: string | undefined = CANDIDATES.find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)

/** Whether tests in a browser can run. Says loudly when they cannot; in CI that is a failure. */
export const hasChromium = (what: string): boolean => {
  if (CHROMIUM_PATH !== undefined) return true
  const missing = `no Chromium at ${CANDIDATES.filter((path) => path).join(' or ')}: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH`
  if (process.env['CI'] === 'true')
    throw new Error(`${what} must run in CI, but there is ${missing}`)
  console.warn(`SKIPPED: ${what}: ${missing}`)
  return false
}

/**
 * A browser that talks to nobody but the pages under test. Tests take turns in it: pages that load side
 * by side cost it several times as much as one after the other.
 */
export const launchChromium = ({
  host = 'localhost',
}: {
  /** A name that stands for this machine. */
  readonly host?: string
} = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM_PATH ?? '',
    // People's browsers have it, and going back after a sign-out must not show what was.
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
