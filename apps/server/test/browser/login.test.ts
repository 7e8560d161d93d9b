import { hostname } from 'node:os'
import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { startLoginExample, type WaitingLogin } from '@device-grant/test-support/login-example'
import { inspect } from '@device-grant/test-support/page-inspection'
import {
  APPROVED,
  decide,
  enterCode,
  openDetails,
  shownCode,
  signIn,
  title,
} from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('the whole login in a browser')

const startServer = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<TestServer> => {
  const server = await startTestServer({ SIGN_IN: 'demo', POLL_INTERVAL: '1', ...env })
  t.teardown(() => server.stop())
  return server
}

/** A server whose clock runs, and the example that logs in there. */
const startLogin = async (t: ExecutionContext): Promise<[TestServer, WaitingLogin]> => {
  const server = await startServer(t)
  server.clock.start()
  return [server, await startLoginExample(t, server.url)]
}

const hasKeyOf = async (
  t: ExecutionContext,
  device: WaitingLogin,
  person: string,
): Promise<void> => {
  const { exitCode, out, err } = await device.ended
  t.is(exitCode, 0, err)
  t.like(JSON.parse(out), {
    user: person,
    key: { name: `Device Link Access Key (${device.userCode})` },
    device_name: hostname(),
    scope: 'whoami',
  })
}

browserTest(
  'UI-10: a person types the code that the device shows, and the device gets its key',
  async (t) => {
    const [{ url }, device] = await startLogin(t)
    const page = await openPage(t, browser())

    await page.goto(`${url}/oauth/device/verify`)
    await inspect(t, page, 'sign-in')
    await signIn(page, 'alice')
    await inspect(t, page, 'enter-code')
    t.is(await page.locator(':focus').getAttribute('id'), 'user_code')
    await page.keyboard.type(device.userCode.toLowerCase().replace('-', '  '))
    t.is(await page.inputValue('#user_code'), device.userCode.replace('-', '  '))
    await page.keyboard.press('Enter')

    await page.waitForURL(/user_code=/)
    await inspect(t, page, 'confirm')
    t.is(await shownCode(page), device.userCode)
    await openDetails(page)
    const shown = await page.locator('main').innerText()
    for (const fact of [
      'login-example',
      'Unverified',
      'whoami',
      '127.0.0.1',
      'device-grant-login/1.0',
    ]) {
      t.true(shown.includes(fact), fact)
    }
    await decide(page, 'approve')
    t.regex(await title(page), APPROVED)
    await hasKeyOf(t, device, 'alice')
    await page.getByRole('heading', { name: 'Device connected' }).waitFor()
    await inspect(t, page, 'connected')
  },
)

browserTest(
  'UI-5: a person follows the complete link, signs in, compares and approves',
  async (t) => {
    const [{ url }, device] = await startLogin(t)
    const page = await openPage(t, browser())

    await page.goto(device.completeUri)
    t.is(await title(page), 'Sign in')
    await signIn(page, 'alice')
    await page.waitForURL(device.completeUri)
    t.is(await title(page), 'Connect this device?')
    t.is(await shownCode(page), device.userCode)
    t.true(await page.getByText('Does your device show this code?').isVisible())
    // Opening the page again decides nothing either.
    await page.reload()
    t.is(await title(page), 'Connect this device?')
    await page.goto(`${url}/oauth/device/keys`)
    t.true(await page.getByText('No device is connected').isVisible())
    await page.goto(device.completeUri)
    await decide(page, 'approve')
    t.regex(await title(page), APPROVED)
    await hasKeyOf(t, device, 'alice')
  },
)

browserTest('a denial is reported to the device', async (t) => {
  const [{ url }, device] = await startLogin(t)
  const page = await openPage(t, browser())
  await page.goto(device.completeUri)
  await signIn(page, 'alice')
  await decide(page, 'deny')
  t.is(await title(page), 'Request denied')
  await inspect(t, page, 'denied')
  const { exitCode, out, err } = await device.ended
  t.is(exitCode, 1)
  t.regex(err, /The request was denied/)
  t.notRegex(out + err, /Logged in/)

  await page.goto(device.completeUri)
  t.is(await title(page), 'You already denied this request')
  await inspect(t, page, 'answered')
  await page.goto(`${url}/oauth/device/keys`)
  t.true(await page.getByText('No device is connected').isVisible())
  await inspect(t, page, 'no-devices')
})

browserTest('everything works without JavaScript', async (t) => {
  const [{ url }, device] = await startLogin(t)
  const page = await openPage(t, browser(), { javaScriptEnabled: false })
  await page.goto(`${url}/oauth/device/verify`)
  await signIn(page, 'alice')
  const typed = device.userCode.toLowerCase().replace('-', '')
  await enterCode(page, typed)
  t.is(await shownCode(page), device.userCode)
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  await hasKeyOf(t, device, 'alice')

  await page.click('text=See your connected devices')
  await page.locator('details.key > summary').click()
  t.true(await page.getByText(device.userCode).first().isVisible())
  await page.click('.revoke-all summary')
  await page.click('text=Yes, disconnect all')
  t.true(await page.getByText('No device is connected').isVisible())
  await page.click('text=Sign out')
  t.is(await title(page), 'You’re signed out')
})

/** Presses Tab until `goal` has the focus. Returns all texts or labels that had it, the goal last. */
const tabTo = async (page: Page, goal: string): Promise<string[]> => {
  const passed: string[] = []
  while (passed.length < 30) {
    await page.keyboard.press('Tab')
    const active = 'document.activeElement.labels?.[0] ?? document.activeElement'
    const name = String(await page.evaluate(`(${active}).innerText`))
      .replace(/\s+/g, ' ')
      .trim()
    passed.push(name)
    if (name.startsWith(goal)) return passed
  }
  throw new Error(`Tab does not reach ${goal}: ${passed.join(', ')}`)
}

browserTest('CD-11: the keyboard suffices, and the focus never starts at Approve', async (t) => {
  const { url } = await startServer(t, { API_KEY_TTL: '86400' })
  const codes = await authorize(url)
  const page = await openPage(t, browser())
  const then = (next: string): Promise<void> => page.getByRole('heading', { name: next }).waitFor()
  // The browser moves the focus when it draws the page, which may be after the page has loaded.
  const type = async (text: string): Promise<void> => {
    await page.locator('input[autofocus]:focus').waitFor()
    await page.keyboard.type(text)
  }

  await page.goto(`${url}/oauth/device/verify`)
  await type('alice')
  await page.keyboard.press('Enter')
  await then('Connect a device')
  await type(codes.user_code)
  await page.keyboard.press('Enter')

  await then('Connect this device?')
  t.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  // Enter decides nothing, because no button has the focus.
  await page.keyboard.press('Enter')
  t.is(await pollOutcome(url, codes.device_code), 'authorization_pending')
  t.deepEqual(await tabTo(page, 'Approve'), [
    'Connected devices',
    'Sign out',
    'Use another account',
    'Deny',
    'Approve',
  ])
  await page.keyboard.press('Enter')
  await then('Approved. Go back to your device')
  t.is(await pollOutcome(url, codes.device_code), 'token')
  await then('Device connected')

  await tabTo(page, 'See your connected devices')
  await page.keyboard.press('Enter')
  await then('Connected devices (1)')
  await page.locator('details.key > summary').focus()
  await page.keyboard.press('Enter')
  await tabTo(page, 'Disconnect')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Yes, disconnect')
  await page.keyboard.press('Enter')
  await page.getByText('is disconnected. It has to log in again.').waitFor()
})
