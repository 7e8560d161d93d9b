import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, type Codes, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { issued } from '@device-grant/test-support/issued'
import { inspect } from '@device-grant/test-support/page-inspection'
import { decide, signIn, title } from '@device-grant/test-support/page-steps'
import { openPage, PHONE } from '@device-grant/test-support/watched-page'
import { whoami } from '@device-grant/test-support/whoami'
import type { ExecutionContext } from 'ava'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startTestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('connected devices in a browser')

/** The list item of one device. */
const device = (page: Page, { user_code }: Codes): ReturnType<Page['locator']> =>
  page.locator('.keys > li').filter({ hasText: user_code })

/** The list item of one device that works or waits. */
const live = (page: Page, codes: Codes): ReturnType<Page['locator']> =>
  device(page, codes).filter({ has: page.locator('.disconnect') })

/** Disconnects a device, after the question that names it. */
const disconnect = async (page: Page, codes: Codes): Promise<void> => {
  const item = live(page, codes)
  if (!(await item.locator('.disconnect').isVisible())) await item.locator('.key > summary').click()
  await item.locator('.disconnect > summary').click()
  await item.getByRole('button', { name: 'Yes, disconnect' }).click()
}

const setUp = async (t: ExecutionContext, options: BrowserContextOptions = {}) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  const { url } = server
  const page = await openPage(t, browser(), options)
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
  return { server, url, page, approved, list }
}

browserTest('a device is revoked at once, before and after it has picked up its key', async (t) => {
  const { url, page, approved, list } = await setUp(t)
  const used = await approved({ client_id: 'cli', scope: 'whoami files:read' })
  const key = await pickUp(url, used.device_code)
  t.is((await whoami(url, key)).status, 200)
  const waiting = await approved()

  await page.goto(list)
  for (const line of await page.locator('details.key > summary').all()) await line.click()
  await inspect(t, page, 'devices')
  const [active, coming] = await Promise.all([
    device(page, used).innerText(),
    device(page, waiting).innerText(),
  ])
  for (const fact of ['example-cli/1.0 (linux)', '127.0.0.1', 'files:read', 'Last used']) {
    t.true(active.includes(fact), fact)
  }
  t.true(coming.includes('Waiting for the device'))

  await disconnect(page, used)
  await page.getByText('cli is disconnected. It has to log in again.').waitFor()
  await inspect(t, page, 'disconnected')
  t.is((await whoami(url, key)).status, 401)
  t.is(await live(page, used).count(), 0)
  t.is(await live(page, waiting).count(), 1)
  await page.reload()
  t.is(await page.getByText('is disconnected.').count(), 0, 'the notice is shown once')

  await disconnect(page, waiting)
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
  t.true(await page.getByText('All your devices have to log in again').isVisible())
  await inspect(t, page, 'revoke-all')
  t.is((await whoami(url, key)).status, 200)
  await page.click('text=Yes, disconnect all')
  await page.getByText('All devices are disconnected').waitFor()
  t.true(await page.getByText('No device is connected').isVisible())
  await inspect(t, page, 'revoked-all')
  t.is((await whoami(url, key)).status, 401)
  t.is(await pollOutcome(url, waiting.device_code), 'access_denied')
})

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without'
  browserTest(`an approval can be taken back, ${how} JavaScript`, async (t) => {
    const { url, page, approved, list } = await setUp(t, { javaScriptEnabled })
    const codes = await approved({ client_id: 'cli' })
    t.is(await title(page), 'Approved. Go back to your device')
    await page.reload()
    t.is(await title(page), 'Approved. Go back to your device', 'loaded again')
    // The way back to the question, and the other answer.
    await page.goto(codes.verification_uri_complete)
    t.is(await title(page), 'You already approved this request')
    t.true(await page.getByText('You approved this device just now.').isVisible())
    if (javaScriptEnabled) await inspect(t, page, 'already-approved')
    await page.click('text=Disconnect it now')
    await page.getByText('cli is disconnected. It has to log in again.').waitFor()
    t.is(new URL(page.url()).pathname, new URL(list).pathname)
    t.is(await pollOutcome(url, codes.device_code), 'access_denied')
  })

  browserTest(`a login that a person did not start is reported, ${how} JavaScript`, async (t) => {
    const { url, page, approved, server } = await setUp(t, { javaScriptEnabled })
    const earlier = await approved({ client_id: 'cli', device_name: 'lure' })
    const key = await pickUp(url, earlier.device_code)
    const codes = await authorize(url)
    await page.goto(codes.verification_uri_complete)
    await page.click('text=I did not start this')
    t.is(await title(page), 'Request denied and reported')
    if (javaScriptEnabled) await inspect(t, page, 'reported')
    t.is(await pollOutcome(url, codes.device_code), 'access_denied')
    t.true(server.log.some((line) => line.includes('request_reported')))
    t.true(await page.getByText('Connected in the last day').isVisible())
    await page.getByRole('button', { name: 'Disconnect: lure' }).click()
    await page.getByText('lure is disconnected. It has to log in again.').waitFor()
    t.is((await whoami(url, key)).status, 401)
  })

  browserTest(`60 devices are found by name and by use, ${how} JavaScript`, async (t) => {
    const { page, list, server } = await setUp(t, { javaScriptEnabled })
    for (let i = 1; i <= 60; i += 1) {
      const { userCode } = issued(
        await server.useCases.authorizeDevice({ deviceName: `Laptop ${i}`, device: {} }),
      )
      const answer = { userCode, person: 'alice', decision: 'approve' } as const
      await server.useCases.answerUserCode(answer)
      server.clock.pass(10)
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(list)
    t.is(await title(page), 'Connected devices (60)')
    t.is(await page.locator('.keys > li').count(), 25)
    const height = await page.evaluate('document.documentElement.scrollHeight')
    t.true(Number(height) < 3_000, `${height} px`)
    await page.setViewportSize(PHONE)
    if (javaScriptEnabled) await inspect(t, page, 'many-devices')
    await page.click('text=Next page')
    t.is(await page.locator('.keys > li strong').first().innerText(), 'Laptop 35')
    await page.fill('#search', 'LAPTOP 4')
    await page.press('#search', 'Enter')
    await page.getByText('15 devices found').waitFor()
    const fourth = page.locator('.keys > li').filter({ hasText: /Laptop 4\b/ })
    await fourth.locator('.key > summary').click()
    await fourth.locator('.disconnect > summary').click()
    t.true(await fourth.getByText('Disconnect Laptop 4? It has to log in again.').isVisible())
    await fourth.getByRole('button', { name: 'Yes, disconnect' }).click()
    await page.getByText('Laptop 4 is disconnected. It has to log in again.').waitFor()
    await page.getByText('14 devices found').waitFor()
    t.is(await page.inputValue('#search'), 'LAPTOP 4', 'the search is kept')
    await page.fill('#search', '')
    await page.check('#unused')
    await page.press('#search', 'Enter')
    await page.getByText('No device was found.').waitFor()
    await page.click('text=Show all devices')
    t.is(await title(page), 'Connected devices (59)')
  })
}
