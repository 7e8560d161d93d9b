import { hasChromium, launchChromium } from '@device-grant/test-support/chromium'
import {
  askForCode,
  type Device,
  poll,
  startDevice,
} from '@device-grant/test-support/login-example'
import {
  decide,
  enterCode,
  lookAt,
  openBrowser,
  signIn,
  title,
} from '@device-grant/test-support/visitor'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../reference-server.ts'

const browserTest = hasChromium('the whole login in a browser') ? test.serial : test.skip

let browser: Browser
if (browserTest !== test.skip) {
  test.before(async () => {
    browser = await launchChromium()
  })
  test.after.always(() => browser?.close())
}

const startServer = async (t: ExecutionContext): Promise<TestServer> => {
  const server = await startTestServer({ SIGN_IN: 'demo', POLL_INTERVAL: '1' })
  t.teardown(() => server.stop())
  return server
}

/** A server on real time, and the example of a device that logs in there. */
const startLogin = async (t: ExecutionContext): Promise<[TestServer, Device]> => {
  const server = await startServer(t)
  server.clock.letGo()
  return [server, await startDevice(t, server.url)]
}

const hasKeyOf = async (t: ExecutionContext, device: Device, person: string): Promise<void> => {
  const { exitCode, said } = await device.ended
  t.is(exitCode, 0, said)
  const whoami = JSON.parse(said.slice(said.indexOf('{'))) as Readonly<Record<string, unknown>>
  t.is(whoami['user'], person)
  t.like(whoami['key'], { name: `Device Link Access Key (${device.userCode})` })
  t.is(whoami['scope'], 'whoami')
}

browserTest(
  'somebody types the code that the device shows, and the device has its key',
  async (t) => {
    const [{ url }, device] = await startLogin(t)
    const page = await openBrowser(t, browser)

    await page.goto(`${url}/oauth/device/verify`)
    await lookAt(t, page, 'sign-in')
    await signIn(page, 'alice')
    await lookAt(t, page, 'enter-code')
    t.is(await page.locator(':focus').getAttribute('id'), 'user_code')
    await page.keyboard.type(device.userCode.toLowerCase().replace('-', '  '))
    t.is(await page.inputValue('#user_code'), device.userCode.replace('-', '  '))
    await page.keyboard.press('Enter')

    await page.waitForURL(/user_code=/)
    await lookAt(t, page, 'confirm')
    t.is(await page.locator('.code [aria-hidden]').innerText(), device.userCode)
    const said = await page.locator('main').innerText()
    for (const fact of ['login-example', 'Unverified', 'whoami', '127.0.0.1', 'openid-client']) {
      t.true(said.includes(fact), fact)
    }
    await decide(page, 'approve')
    t.is(await title(page), 'Device connected')
    await lookAt(t, page, 'approved')
    await hasKeyOf(t, device, 'alice')
  },
)

browserTest('somebody follows the whole link: signs in, compares, and then approves', async (t) => {
  const [{ url }, device] = await startLogin(t)
  const page = await openBrowser(t, browser)

  await page.goto(device.completeUri)
  t.is(await title(page), 'Sign in')
  await signIn(page, 'alice')
  await page.waitForURL(device.completeUri)
  t.is(await title(page), 'Connect this device?')
  t.is(await page.locator('.code [aria-hidden]').innerText(), device.userCode)
  t.true(await page.getByText('Compare with your device').isVisible())
  // Opening it again decides nothing either.
  await page.reload()
  t.is(await title(page), 'Connect this device?')
  await page.goto(`${url}/oauth/device/keys`)
  t.true(await page.getByText('No device is connected').isVisible())
  await page.goto(device.completeUri)
  await decide(page, 'approve')
  t.is(await title(page), 'Device connected')
  await hasKeyOf(t, device, 'alice')
})

browserTest('a device that is denied is told so', async (t) => {
  const [{ url }, device] = await startLogin(t)
  const page = await openBrowser(t, browser)
  await page.goto(device.completeUri)
  await signIn(page, 'alice')
  await decide(page, 'deny')
  t.is(await title(page), 'Request denied')
  await lookAt(t, page, 'denied')
  const { exitCode, said } = await device.ended
  t.is(exitCode, 1)
  t.regex(said, /The request was denied/)
  t.notRegex(said, /Logged in/)

  await page.goto(device.completeUri)
  t.is(await title(page), 'This code has already been used')
  await lookAt(t, page, 'answered')
  await page.goto(`${url}/oauth/device/keys`)
  t.true(await page.getByText('No device is connected').isVisible())
  await lookAt(t, page, 'no-devices')
})

browserTest('everything works without JavaScript', async (t) => {
  const [{ url }, device] = await startLogin(t)
  const page = await openBrowser(t, browser, { javaScriptEnabled: false })
  await page.goto(`${url}/oauth/device/verify`)
  await signIn(page, 'alice')
  const typed = device.userCode.toLowerCase().replace('-', '')
  await enterCode(page, typed)
  t.is(await page.locator('.code [aria-hidden]').innerText(), device.userCode)
  await decide(page, 'approve')
  t.is(await title(page), 'Device connected')
  await hasKeyOf(t, device, 'alice')

  await page.click('text=See your connected devices')
  t.true(await page.getByText(device.userCode).first().isVisible())
  await page.click('summary')
  await page.click('text=Yes, disconnect all')
  t.true(await page.getByText('No device is connected').isVisible())
  await page.click('text=Sign out')
  t.is(await title(page), 'You’re signed out')
})

/** Presses Tab until `goal` has the focus. @returns what had it on the way, the goal last */
const tabTo = async (page: Page, goal: string): Promise<string[]> => {
  const passed: string[] = []
  while (passed.length < 30) {
    await page.keyboard.press('Tab')
    const name = String(await page.evaluate('document.activeElement.innerText'))
      .replace(/\s+/g, ' ')
      .trim()
    passed.push(name)
    if (name.startsWith(goal)) return passed
  }
  throw new Error(`Tab does not reach ${goal}: ${passed.join(', ')}`)
}

browserTest('the keyboard is enough, and never starts at Approve', async (t) => {
  const { url } = await startServer(t)
  const codes = await askForCode(url)
  const page = await openBrowser(t, browser)
  const then = (next: string): Promise<void> => page.getByRole('heading', { name: next }).waitFor()

  await page.goto(`${url}/oauth/device/verify`)
  await page.keyboard.type('alice')
  await page.keyboard.press('Enter')
  await then('Connect a device')
  await page.keyboard.type(codes.user_code)
  await page.keyboard.press('Enter')

  await then('Connect this device?')
  t.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  // Nothing has the focus, so Enter by itself answers nothing.
  await page.keyboard.press('Enter')
  t.is((await poll(url, codes)).error, 'authorization_pending')
  t.deepEqual(await tabTo(page, 'Approve'), ['Connected devices', 'Sign out', 'Deny', 'Approve'])
  await page.keyboard.press('Enter')
  await then('Device connected')
  t.truthy((await poll(url, codes)).access_token)

  await tabTo(page, 'See your connected devices')
  await page.keyboard.press('Enter')
  await then('Connected devices')
  await tabTo(page, 'Disconnect')
  await page.keyboard.press('Enter')
  await page.getByText('Disconnected. The device no longer has access.').waitFor()
})
