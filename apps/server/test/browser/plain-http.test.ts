import { hasChromium, launchChromium } from '@device-grant/test-support/chromium'
import { freePort } from '@device-grant/test-support/free-port'
import { askForCode, poll } from '@device-grant/test-support/login-example'
import { decide, enterCode, openBrowser, signIn, title } from '@device-grant/test-support/visitor'
import test from 'ava'
import type { Request } from 'playwright-core'
import { startTestServer } from '../reference-server.ts'

const browserTest = hasChromium('plain http beyond loopback in a browser') ? test : test.skip

browserTest('everything works over plain http where it is allowed beyond loopback', async (t) => {
  const port = await freePort()
  const publicUrl = `http://login.test:${port}`
  const server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    ALLOW_HTTP: 'true',
    SIGN_IN: 'demo',
  })
  t.teardown(() => server.stop())
  const browser = await launchChromium({ host: 'login.test' })
  t.teardown(() => browser.close())
  const page = await openBrowser(t, browser)
  const forms: Request[] = []
  page.on('request', (request) => request.method() === 'POST' && forms.push(request))

  const codes = await askForCode(server.url)
  await page.goto(`${publicUrl}/oauth/device/verify`)
  await signIn(page, 'alice')
  await enterCode(page, codes.user_code)
  await decide(page, 'approve')
  t.is(await title(page), 'Device connected')
  t.truthy((await poll(server.url, codes)).access_token)

  await page.click('text=See your connected devices')
  await page.click('main .keys button')
  await page.getByText('Disconnected. The device no longer has access.').waitFor()
  await page.click('text=Sign out')
  t.is(await title(page), 'You’re signed out')

  t.is(forms.length, 4)
  for (const form of forms) {
    const { origin, 'sec-fetch-site': site } = await form.allHeaders()
    t.deepEqual([origin, site], ['null', undefined])
  }
})
