import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { startFrontEnd, startFrontEndSetting } from '../front-end-setting.ts'

const { browserTest, browser } = inChromium('a front end in a browser')

browserTest('a front end decides for people from its own origin only', async (t) => {
  const { server, publicUrl, frontEnd } = await startFrontEndSetting(t)
  const stranger = await startFrontEnd(t, publicUrl)
  const context = await browser().newContext()
  t.teardown(() => context.close())
  const codes = await authorize(server.url)

  const page = await context.newPage()
  await page.goto(`${frontEnd}/`)
  await page.fill('[name=user_code]', codes.user_code)
  await page.click('button[value=approve]')
  await page.getByText('Authentication required').waitFor()

  const [signIn] = await Promise.all([context.waitForEvent('page'), page.click('a')])
  await signIn.fill('[name=name]', 'alice')
  await signIn.locator('form[action$="/sign-in"] button').click()
  await signIn.waitForURL(`${publicUrl}/oauth/device/verify`)

  const other = await context.newPage()
  await other.goto(`${stranger}/`)
  await other.fill('[name=user_code]', codes.user_code)
  await other.click('button[value=approve]')
  await other.getByText('The server cannot be reached').waitFor()
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')

  await page.bringToFront()
  await page.click('button[value=approve]')
  await page.getByText('Device authorized successfully!').waitFor()
  server.clock.pass(10_000)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
  await page.click('button[value=deny]')
  await page.getByText('This device code has already been processed.').waitFor()
  t.pass()
})
