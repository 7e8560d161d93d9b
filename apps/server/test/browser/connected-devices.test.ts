import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, type Codes, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { inspect } from '@device-grant/test-support/page-inspection'
import { decide, signIn } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import { whoami } from '@device-grant/test-support/whoami'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { startTestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('connected devices in a browser')

/** The list item of one device. */
const device = (page: Page, { user_code }: Codes): ReturnType<Page['locator']> =>
  page.locator('.keys > li').filter({ hasText: user_code })

const setUp = async (t: ExecutionContext) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  const { url } = server
  const page = await openPage(t, browser())
  const list = `${url}/oauth/device/keys`
  await page.goto(list)
  await signIn(page, 'alice')
  await page.waitForURL(list)
  const approved = async (parameters?: Readonly<Record<string, string>>): Promise<Codes> => {
    const codes = await authorize(url, parameters, { 'user-agent': 'example-cli/1.0 (linux)' })
    await page.goto(codes.verification_uri_complete)
    await decide(page, 'approve')
    return codes
  }
  return { url, page, approved, list }
}

browserTest('a device is revoked at once, before and after it has picked up its key', async (t) => {
  const { url, page, approved, list } = await setUp(t)
  const used = await approved({ client_id: 'cli', scope: 'whoami files:read' })
  const key = await pickUp(url, used.device_code)
  t.is((await whoami(url, key)).status, 200)
  const waiting = await approved()

  await page.goto(list)
  await inspect(t, page, 'devices')
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
  t.true(coming.includes('Waiting for the device'))

  await device(page, used).getByRole('button').click()
  await page.getByText('Disconnected. The device loses access within one second.').waitFor()
  t.is((await whoami(url, key)).status, 401)
  t.is(await device(page, used).count(), 0)
  t.is(await device(page, waiting).count(), 1)

  await device(page, waiting).getByRole('button').click()
  await page.getByText('No device is connected').waitFor()
  t.is(await pollOutcome(url, waiting.device_code), 'access_denied')
})

browserTest('all devices are revoked together, after a confirmation', async (t) => {
  const { url, page, approved, list } = await setUp(t)
  const used = await approved()
  const key = await pickUp(url, used.device_code)
  const waiting = await approved()
  await page.goto(list)
  t.false(await page.getByText('Yes, disconnect all').isVisible())
  await page.click('.revoke-all summary')
  t.true(await page.getByText('All your devices lose access within one second').isVisible())
  await inspect(t, page, 'revoke-all')
  t.is((await whoami(url, key)).status, 200)
  await page.click('text=Yes, disconnect all')
  await page.getByText('All devices are disconnected').waitFor()
  t.true(await page.getByText('No device is connected').isVisible())
  await inspect(t, page, 'revoked-all')
  t.is((await whoami(url, key)).status, 401)
  t.is(await pollOutcome(url, waiting.device_code), 'access_denied')
})
