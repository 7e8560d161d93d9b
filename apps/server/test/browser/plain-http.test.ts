import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { APPROVED, decide, enterCode, signIn, title } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { Request } from 'playwright-core'
import { startTestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('plain http beyond loopback in a browser', 'login.test')

browserTest('everything works over plain http if it is allowed beyond loopback', async (t) => {
  const port = await freePort()
  const publicUrl = `http://login.test:${port}`
  const server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    ALLOW_HTTP: 'true',
    SIGN_IN: 'demo',
  })
  t.teardown(() => server.stop())
  const page = await openPage(t, browser())
  const forms: Request[] = []
  page.on('request', (request) => request.method() === 'POST' && forms.push(request))

  const codes = await authorize(server.url)
  await page.goto(`${publicUrl}/oauth/device/verify`)
  await signIn(page, 'alice')
  await enterCode(page, codes.user_code)
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')

  await page.click('text=See your connected devices')
  await page.click('.key > summary')
  await page.click('.disconnect > summary')
  await page.click('.disconnect button')
  await page.getByText('is disconnected. It has to log in again.').waitFor()
  await page.click('text=Sign out')
  t.is(await title(page), 'You’re signed out')

  t.is(forms.length, 4)
  for (const form of forms) {
    const { origin, 'sec-fetch-site': site } = await form.allHeaders()
    t.deepEqual([origin, site], ['null', undefined])
  }
})
