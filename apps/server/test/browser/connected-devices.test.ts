import { hasChromium, launchChromium } from '@device-grant/test-support/chromium'
import { askForCode, type Codes, poll, useKey } from '@device-grant/test-support/login-example'
import { decide, lookAt, openBrowser, signIn } from '@device-grant/test-support/visitor'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { startTestServer } from '../reference-server.ts'

const browserTest = hasChromium('connected devices in a browser') ? test.serial : test.skip

let browser: Browser
if (browserTest !== test.skip) {
  test.before(async () => {
    browser = await launchChromium()
  })
  test.after.always(() => browser?.close())
}

/** The part of the page that is about one device. */
const device = (page: Page, { user_code }: Codes): ReturnType<Page['locator']> =>
  page.locator('.keys > li').filter({ hasText: user_code })

const setUp = async (t: ExecutionContext) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  const { url } = server
  const page = await openBrowser(t, browser)
  const list = `${url}/oauth/device/keys`
  await page.goto(list)
  await signIn(page, 'alice')
  await page.waitForURL(list)
  const approved = async (parameters?: Readonly<Record<string, string>>): Promise<Codes> => {
    const codes = await askForCode(url, parameters)
    await page.goto(codes.verification_uri_complete)
    await decide(page, 'approve')
    return codes
  }
  return { url, page, approved, list }
}

browserTest('one device is revoked at once, and one before it has picked up its key', async (t) => {
  const { url, page, approved, list } = await setUp(t)
  const used = await approved({ scope: 'whoami files:read' })
  const { access_token: key } = await poll(url, used)
  t.is(await useKey(url, key), 200)
  const waiting = await approved()

  await page.goto(list)
  await lookAt(t, page, 'devices')
  const [active, coming] = await Promise.all([
    device(page, used).innerText(),
    device(page, waiting).innerText(),
  ])
  for (const fact of [
    'Active',
    'example-cli/1.0 (linux)',
    '127.0.0.1',
    'files:read',
    'Last used',
  ]) {
    t.true(active.includes(fact), fact)
  }
  t.false(active.includes('Never'))
  t.true(coming.includes('Waiting for the device'))

  await device(page, used).getByRole('button').click()
  await page.getByText('Disconnected. The device no longer has access.').waitFor()
  t.is(await useKey(url, key), 401)
  t.is(await device(page, used).count(), 0)
  t.is(await device(page, waiting).count(), 1)

  await device(page, waiting).getByRole('button').click()
  await page.getByText('No device is connected').waitFor()
  t.is((await poll(url, waiting)).error, 'access_denied')
})

browserTest('all devices are revoked together, after a second question', async (t) => {
  const { url, page, approved, list } = await setUp(t)
  const used = await approved()
  const { access_token: key } = await poll(url, used)
  const waiting = await approved()
  await page.goto(list)
  t.false(await page.getByText('Yes, disconnect all').isVisible())
  await page.click('summary')
  t.true(await page.getByText('The 2 devices on this page lose access immediately.').isVisible())
  await lookAt(t, page, 'revoke-all')
  t.is(await useKey(url, key), 200)
  await page.click('text=Yes, disconnect all')
  await page.getByText('All devices are disconnected').waitFor()
  t.true(await page.getByText('No device is connected').isVisible())
  await lookAt(t, page, 'revoked-all')
  t.is(await useKey(url, key), 401)
  t.is((await poll(url, waiting)).error, 'access_denied')
})
