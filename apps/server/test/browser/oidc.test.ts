import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { startLoginExample } from '@device-grant/test-support/login-example'
import type { OpenidProvider } from '@device-grant/test-support/openid-provider'
import { inspect } from '@device-grant/test-support/page-inspection'
import {
  APPROVED,
  decide,
  enterCode,
  shownCode,
  title,
} from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { ExecutionContext } from 'ava'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startOpenidSetting } from '../openid-setting.ts'
import type { TestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('sign-in at an OpenID provider in a browser')

const setUp = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  options: BrowserContextOptions = {},
): Promise<[TestServer, OpenidProvider, Page]> => {
  const { server, provider, publicUrl } = await startOpenidSetting(t, {
    POLL_INTERVAL: '1',
    ...env,
  })
  const page = await openPage(t, browser(), { silent: publicUrl, ...options })
  return [server, provider, page]
}

/** Fills in the provider's login page. */
const logIn = async (page: Page, { issuer }: OpenidProvider): Promise<void> => {
  await page.waitForURL(`${issuer}/interaction/*`)
  await page.fill('[name=login]', 'user-alice')
  await page.fill('[name=password]', 'any')
  await page.click('button[type=submit]')
}

browserTest('a person signs in at the provider, and the device gets its key', async (t) => {
  const [server, provider, page] = await setUp(t)
  server.clock.start()
  const device = await startLoginExample(t, server.url)
  await page.goto(device.completeUri)
  await logIn(page, provider)
  await page.waitForURL(device.completeUri)
  t.is(await shownCode(page), device.userCode)
  t.is(await page.locator('.who bdi').innerText(), 'alice')
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  const { exitCode, out, err } = await device.ended
  t.is(exitCode, 0, err)
  t.regex(out, /"user": "user-alice"/)
})

browserTest('everything works without JavaScript at the provider too', async (t) => {
  const [server, provider, page] = await setUp(t, {}, { javaScriptEnabled: false })
  const codes = await authorize(server.url)
  await page.goto(`${server.url}/oauth/device/verify`)
  await logIn(page, provider)
  await enterCode(page, codes.user_code)
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
})

browserTest(
  'a session that ends while the page is open leads to the provider and back to the code',
  async (t) => {
    const [server, provider, page] = await setUp(t, { DEVICE_CODE_TTL: '3600' })
    await page.goto(`${server.url}/oauth/device/verify`)
    await logIn(page, provider)
    await page.waitForURL(`${server.url}/oauth/device/verify`)
    server.clock.pass(59_999)
    const codes = await authorize(server.url)
    await enterCode(page, codes.user_code)
    t.is(await title(page), 'Connect this device?')
    // The session at the provider ends too.
    await page.context().clearCookies({ domain: 'localhost' })
    server.clock.pass(59 * 60_000 + 2)

    await decide(page, 'approve')
    t.is(await title(page), 'Sign in again')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await logIn(page, provider)
    await page.waitForURL(codes.verification_uri_complete)
    t.is(await title(page), 'Connect this device?')
    t.is(
      await pollOutcome(server.url, codes.device_code),
      'authorization_pending',
      'nothing by itself',
    )
    await decide(page, 'approve')
    t.regex(await title(page), APPROVED)
    t.is(await pollOutcome(server.url, codes.device_code), 'token')
  },
)

browserTest(
  'a code that is typed after the session has ended leads to the provider and to its page',
  async (t) => {
    const [server, provider, page] = await setUp(t)
    await page.goto(`${server.url}/oauth/device/verify`)
    await logIn(page, provider)
    await page.waitForURL(`${server.url}/oauth/device/verify`)
    await page.context().clearCookies({ domain: 'localhost' })
    server.clock.pass(61 * 60_000)
    const codes = await authorize(server.url)

    await enterCode(page, codes.user_code)
    await logIn(page, provider)
    await page.waitForURL(codes.verification_uri_complete)
    t.is(await title(page), 'Connect this device?')
    t.is(await shownCode(page), codes.user_code)
  },
)

browserTest(
  'a sign-in without a click leads straight to the code that the person opened',
  async (t) => {
    const [server, provider, page] = await setUp(t)
    const verify = `${server.url}/oauth/device/verify`
    await page.goto(verify)
    await logIn(page, provider)
    await page.waitForURL(verify)
    const forget = (): Promise<void> => page.context().clearCookies({ domain: '127.0.0.1' })
    /** Opens a page of another site. */
    const open = async (body: string): Promise<void> => {
      const elsewhere = `${provider.issuer}/elsewhere`
      await page.unroute(elsewhere)
      await page.route(elsewhere, (route) => route.fulfill({ contentType: 'text/html', body }))
      await page.goto(elsewhere)
    }
    for (const goesOnByPage of [false, true]) {
      provider.goesOnByPage = goesOnByPage
      await forget()
      const typed = await authorize(server.url)
      await page.goto(typed.verification_uri_complete)
      await page.waitForURL(typed.verification_uri_complete)
      t.is(await title(page), 'Connect this device?')

      await forget()
      const clicked = await authorize(server.url)
      await open(`<a href="${clicked.verification_uri_complete}">Connect</a>`)
      await page.click('a')
      await page.waitForURL(clicked.verification_uri_complete)
      t.is(await title(page), 'Connect this device?')

      await forget()
      await open(`<script>location = '${verify}?user_code=BBBB-BBBB'</script>`)
      await page.waitForURL(`${verify}?user_code=BBBB-BBBB`)
      t.is(await title(page), 'Connect a device')
      t.is(await page.inputValue('#user_code'), 'BBBB-BBBB', 'a page that led here opens nothing')
    }
    t.false(server.log.some((line) => line.includes('"wrong_user_code"')))
  },
)

browserTest('a person with the wrong account uses another one for the same code', async (t) => {
  const [server, provider, page] = await setUp(t)
  const codes = await authorize(server.url)
  await page.goto(codes.verification_uri_complete)
  await logIn(page, provider)
  await page.waitForURL(codes.verification_uri_complete)
  t.regex(await page.locator('main').innerText(), /You are alice\.\s+Not you\?/)
  await page.click('text=Use another account')
  await page.waitForURL(`${provider.issuer}/interaction/*`)
  await page.fill('[name=login]', 'user-bob')
  await page.fill('[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.waitForURL(codes.verification_uri_complete)
  t.regex(await page.locator('main').innerText(), /You are bob\./)
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  t.is((await server.useCases.listApiKeys({ owner: 'user-bob' })).keys.length, 1)
})

browserTest('a person who signs out is signed out at the provider too', async (t) => {
  const [server, provider, page] = await setUp(t)
  const { url } = server
  await page.goto(`${url}/oauth/device/keys`)
  await logIn(page, provider)
  await page.waitForURL(`${url}/oauth/device/keys`)
  await page.click('text=Sign out')
  // The provider asks for confirmation.
  await page.waitForURL(`${provider.issuer}/session/end?*`)
  await page.click('button[value=yes]')
  await page.waitForURL(`${url}/oauth/device/sign-in/signed-out`)
  t.is(await title(page), 'You’re signed out')
  await page.goto(`${url}/oauth/device/keys`)
  await page.waitForURL(`${provider.issuer}/interaction/*`)
  t.true(await page.locator('[name=login]').isVisible())
})

browserTest('a browser that ignores Refresh has a link to continue signing out', async (t) => {
  const [server, provider, page] = await setUp(t)
  const { url } = server
  await page.route(`${url}/oauth/device/sign-out`, async (route) => {
    const response = await route.fetch()
    const { refresh: _, ...headers } = response.headers()
    await route.fulfill({ response, headers })
  })
  await page.goto(`${url}/oauth/device/keys`)
  await logIn(page, provider)
  await page.click('text=Sign out')
  t.is(await title(page), 'Signing you out…')
  await inspect(t, page, 'signing-out')
  await page.getByRole('link', { name: 'Continue signing out' }).click()
  await page.click('button[value=yes]')
  await page.waitForURL(`${url}/oauth/device/sign-in/signed-out`)
  t.is(await title(page), 'You’re signed out')
})

browserTest('a person who cancels at the provider can try again', async (t) => {
  const [server, provider, page] = await setUp(t)
  const codes = await authorize(server.url)
  await page.goto(codes.verification_uri_complete)
  await page.waitForURL(`${provider.issuer}/interaction/*`)
  await page.click('text=Cancel')
  t.is(await title(page), 'You’re not signed in')
  await inspect(t, page, 'sign-in-failed')
  await page.getByRole('link', { name: 'Try again' }).click()
  await logIn(page, provider)
  await page.waitForURL(codes.verification_uri_complete)
  t.is(await title(page), 'Connect this device?')
})
