import { hasChromium, launchChromium } from '@device-grant/test-support/chromium'
import { freePort } from '@device-grant/test-support/free-port'
import test from 'ava'
import { startFrontEnd } from '../front-end.ts'
import { startTestServer } from '../reference-server.ts'

const browserTest = hasChromium("somebody else's front end in a browser") ? test : test.skip

browserTest("somebody else's front end answers for people from its own origin only", async (t) => {
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const [frontEnd, stranger] = await Promise.all([
    startFrontEnd(publicUrl),
    startFrontEnd(publicUrl),
  ])
  t.teardown(() => Promise.all([frontEnd.stop(), stranger.stop()]))
  const server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    SIGN_IN: 'demo',
    FRONT_END_ORIGINS: frontEnd.origin,
  })
  t.teardown(() => server.stop())
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const context = await browser.newContext()
  const response = await fetch(`${publicUrl}/oauth/device/authorize`, { method: 'POST' })
  const codes = (await response.json()) as { user_code: string; device_code: string }
  const poll = async (): Promise<unknown> => {
    const body = new URLSearchParams({ device_code: codes.device_code })
    const answer = await fetch(`${publicUrl}/oauth/device/token`, { method: 'POST', body })
    return ((await answer.json()) as Readonly<Record<string, unknown>>)['error'] ?? answer.status
  }

  const page = await context.newPage()
  await page.goto(`${frontEnd.origin}/`)
  await page.fill('[name=user_code]', codes.user_code)
  await page.click('button[value=approve]')
  await page.getByText('Authentication required').waitFor()

  const [signIn] = await Promise.all([context.waitForEvent('page'), page.click('a')])
  await signIn.fill('[name=name]', 'alice')
  await signIn.locator('form[action$="/sign-in"] button').click()
  await signIn.waitForURL(`${publicUrl}/oauth/device/verify`)

  const other = await context.newPage()
  await other.goto(`${stranger.origin}/`)
  await other.fill('[name=user_code]', codes.user_code)
  await other.click('button[value=approve]')
  await other.getByText('The server cannot be reached').waitFor()
  t.is(await poll(), 'authorization_pending')

  await page.bringToFront()
  await page.click('button[value=approve]')
  await page.getByText('Device authorized successfully!').waitFor()
  server.clock.pass(10_000)
  t.is(await poll(), 200)
  await page.click('button[value=deny]')
  await page.getByText('This device code has already been processed.').waitFor()
  t.pass()
})
