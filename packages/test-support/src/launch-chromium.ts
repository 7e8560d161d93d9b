import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const { CHROMIUM_PATH: given = '' } = process.env

/** Where Chromium is looked for. */
export const CHROMIUM_CANDIDATES: readonly string[] = [
  ...(given === '' ? [] : [given]),
  '/usr/bin/chromium',
]

/** The path of Chromium. Undefined if there is none. */
export const CHROMIUM_PATH: string | undefined = CHROMIUM_CANDIDATES.find((path) =>
  existsSync(path),
)

/**
 * Starts a browser that reaches nothing but loopback.
 * @param host a name that is resolved to loopback, beside `localhost`
 */
export const launchChromium = (host = 'localhost'): Promise<Browser> =>
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
