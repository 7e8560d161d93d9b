import { demoSignIn } from '@device-grant/http-koa'
import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, type Codes, pickUp, poll, pollOutcome } from '@device-grant/test-support/device'
import { KEYS } from '@device-grant/test-support/endpoints'
import { membersOf } from '@device-grant/test-support/http-exchange'
import { findings, inspect, SCREENSHOTS } from '@device-grant/test-support/page-inspection'
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
import { whoami } from '@device-grant/test-support/whoami'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { ALL_SCOPES, type RegisteredServer, startRegisteredServer } from '../registered-server.ts'
import { startTestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('the choices of an approval in a browser')

const DAY = 86_400_000

const request = ({ url }: RegisteredServer, device_name: string): Promise<Codes> =>
  authorize(url, { client_id: 'cli', scope: ALL_SCOPES, device_name })

/** Opens the page for a code, and signs in if it asks. */
const openCode = async (page: Page, codes: Codes): Promise<void> => {
  await page.goto(codes.verification_uri_complete)
  if ((await page.locator('[name=name]').count()) > 0) await signIn(page, 'alice')
  await page.waitForURL(codes.verification_uri_complete)
}

/** Checks the page with axe and at these widths, and saves screenshots. */
const inspectAt = async (
  t: ExecutionContext,
  page: Page,
  name: string,
  widths: readonly number[] = [1_280, 390, 320],
): Promise<void> => {
  const size = page.viewportSize()
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 })
    // One width is enough, because none hides or adds anything.
    if (width === widths[0]) t.deepEqual(await findings(page), [], `${name} ${width}`)
    t.is(await page.evaluate('document.documentElement.scrollWidth'), width, name)
    // A text that is cut is wider than its box. Fields scroll.
    const cut = `[...document.querySelectorAll('main :not(input)')]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible')
      .filter((one) => !one.closest('.visually-hidden'))
      .map((one) => one.outerHTML)`
    t.deepEqual(await page.evaluate(cut), [], `${name} ${width}`)
    const file = new URL(`flow-${name}-${width}.png`, SCREENSHOTS)
    await page.screenshot({ path: file.pathname, fullPage: true })
  }
  if (size) await page.setViewportSize(size)
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without'

  browserTest(
    `a person narrows the scope, chooses a lifetime and renames the device, ${how} JavaScript`,
    async (t) => {
      const server = await startRegisteredServer(t, demoSignIn())
      const codes = await request(server, 'ubuntu')
      const page = await openPage(t, browser(), { javaScriptEnabled })
      await openCode(page, codes)
      t.is(await title(page), 'Connect Acme CLI to your account?')
      await openDetails(page)
      t.true(await page.getByText('Any program can use this name.').isVisible())
      t.true(await page.getByLabel('See your projects').isDisabled())
      t.true(await page.getByLabel('See your projects').isChecked())
      t.is(await page.getByLabel('Name of the device').inputValue(), 'ubuntu')
      await page.getByLabel('Change your projects').uncheck()
      await page.getByLabel('Stay connected for').selectOption('30 days')
      await page.getByLabel('Name of the device').fill('Maria’s MacBook')
      await page.getByLabel('Name of the device').press('Enter')
      t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
      await decide(page, 'approve')
      t.regex(await title(page), APPROVED)
      t.true(await page.getByText('Maria’s MacBook').isVisible())

      server.clock.pass(5_000)
      const token = membersOf(await poll(server.url, codes.device_code))
      t.is(token['scope'], 'projects:read billing')
      t.is(token['expires_in'], 2_592_000)
      const key = String(token['access_token'])
      const told = membersOf(await whoami(server.url, key))
      t.like(told, { device_name: 'Maria’s MacBook', scope: 'projects:read billing' })

      await page.click('text=See your connected devices')
      t.is(await page.locator('.key > summary strong').innerText(), 'Maria’s MacBook')
      await page.locator('.key > summary').click()
      t.true(await page.getByText('See your invoices').isVisible())
      t.is(await page.getByText('Change your projects').count(), 0)
      await page.getByText('Rename', { exact: true }).click()
      await page.getByLabel('Name of the device').fill('Work laptop')
      await page.getByText('Save name').click()
      await page.getByText('The name is saved.').waitFor()
      t.is(await page.locator('.key > summary strong').innerText(), 'Work laptop')
      t.like(membersOf(await whoami(server.url, key)), { device_name: 'Work laptop' })
      await page.locator('.key > summary').click()
      await page.locator('.disconnect > summary').click()
      await page.getByRole('button', { name: 'Yes, disconnect' }).click()
      await page.getByText('Work laptop is disconnected. It has to log in again.').waitFor()
      t.is((await whoami(server.url, key)).status, 401)
    },
  )

  browserTest(
    `a new login replaces the old one of the same device, ${how} JavaScript`,
    async (t) => {
      const server = await startRegisteredServer(t, demoSignIn(), { keyLifetimesMs: [90 * DAY] })
      const page = await openPage(t, browser(), { javaScriptEnabled })
      const first = await request(server, 'Maria’s MacBook')
      await openCode(page, first)
      await decide(page, 'approve')
      const old = await pickUp(server.url, first.device_code)
      t.is((await whoami(server.url, old)).status, 200)
      server.clock.pass(DAY - 1)
      await page.goto(server.url + KEYS)
      if (page.url() !== server.url + KEYS) await signIn(page, 'alice')
      const early = await request(server, 'Maria’s MacBook')
      await openCode(page, early)
      const box = page.getByLabel('Replace Maria’s MacBook')
      t.false(await box.isChecked(), 'it was used within a day')
      server.clock.pass(20 * DAY)
      const second = await request(server, 'Maria’s MacBook')
      await openCode(page, second)
      t.true(await box.isChecked())
      t.true(await page.getByText(', connected 20 days ago?').isVisible())
      await decide(page, 'approve')
      const fresh = await pickUp(server.url, second.device_code)
      t.is((await whoami(server.url, old)).status, 200)
      t.is((await whoami(server.url, fresh)).status, 200)
      t.is((await whoami(server.url, old)).status, 401)
    },
  )
}

browserTest('with no box ticked nothing is approved, and the other choices are kept', async (t) => {
  const server = await startRegisteredServer(t, demoSignIn())
  server.catalogue.set('projects:read', { description: { text: 'See your projects' } })
  const codes = await request(server, 'ubuntu')
  const page = await openPage(t, browser())
  await openCode(page, codes)
  for (const box of await page.getByRole('checkbox').all()) await box.uncheck()
  await page.getByLabel('Stay connected for').selectOption('90 days')
  await openDetails(page)
  await page.getByLabel('Name of the device').fill('Tablet')
  await decide(page, 'approve')
  const alert = await page.locator('main [role=alert]').innerText()
  t.is(alert, 'Nothing was approved. Tick at least one permission, or choose Deny.')
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  await inspect(t, page, 'nothing-ticked')
  t.is(await page.getByLabel('Name of the device').inputValue(), 'Tablet')
  t.is(await page.getByLabel('Stay connected for').inputValue(), '7776000')
  t.is(await page.locator('input:checked').count(), 0)
  await page.getByLabel('See your projects').check()
  await decide(page, 'approve')
  t.regex(await title(page), APPROVED)
  server.clock.pass(5_000)
  t.like(membersOf(await poll(server.url, codes.device_code)), {
    scope: 'projects:read',
    expires_in: 7_776_000,
  })
})

for (const [locale, texts] of Object.entries({
  en: [
    'Connect Acme CLI to your account?',
    'See your projects',
    '30 days',
    'Approved. Go back to your device',
  ],
  de: [
    'Acme-Kommandozeile mit Ihrem Konto verbinden?',
    'Ihre Projekte sehen',
    '30 Tage',
    'Zugestimmt. Weiter geht es auf Ihrem Gerät',
  ],
})) {
  browserTest(`axe finds nothing, and nothing is cut on any width in ${locale}`, async (t) => {
    const server = await startRegisteredServer(t, demoSignIn())
    const page = await openPage(t, browser(), { locale })
    const first = await request(
      server,
      'Maria’s very long and unusual device name for a small page',
    )
    await openCode(page, first)
    await decide(page, 'approve')
    await whoami(server.url, await pickUp(server.url, first.device_code))
    server.clock.pass(DAY / 2)
    const codes = await request(
      server,
      'Maria’s very long and unusual device name for a small page',
    )
    await openCode(page, codes)
    const [heading = '', sentence = '', duration = '', done = ''] = texts
    t.is(await title(page), heading)
    t.true(await page.getByLabel(sentence).isVisible())
    await inspectAt(t, page, `choices-${locale}`)
    await page.locator('#lifetime').selectOption(duration)
    await decide(page, 'approve')
    t.is(await title(page), done)
    await inspectAt(t, page, `choices-approved-${locale}`)
    await page.goto(codes.verification_uri_complete)
    await inspectAt(t, page, `choices-again-${locale}`)
    await page.goto(server.url + KEYS)
    for (const summary of await page.locator('summary').all()) await summary.click()
    await inspectAt(t, page, `choices-keys-${locale}`)
  })
}

browserTest(
  'a person says why the device is elsewhere, and types the end of the code',
  async (t) => {
    const server = await startTestServer({
      SIGN_IN: 'demo',
      PROXIMITY: 'confirm',
      VERIFICATION_URI_COMPLETE: 'confirm',
    })
    t.teardown(() => server.stop())
    const far = { 'x-forwarded-for': '198.51.100.1' }
    const codes = await authorize(server.url, { client_id: 'cli' }, far)
    const page = await openPage(t, browser())
    await openCode(page, codes)
    t.is(await shownCode(page), codes.user_code.replace(/.{4}$/, '••••'))
    await inspectAt(t, page, 'safeguards')
    await decide(page, 'approve')
    await page.getByText('Say why your device is in another network').waitFor()
    await page.getByLabel('One of them uses a VPN.').check()
    await page.getByLabel('The last 4 characters of the code').fill('BBB')
    await decide(page, 'approve')
    await page.getByText('The characters don’t match').waitFor()
    await inspectAt(t, page, 'safeguards-refused', [390])
    t.true(await page.getByLabel('One of them uses a VPN.').isChecked())
    const field = page.getByLabel('The last 4 characters of the code')
    await field.fill(codes.user_code.slice(-4).toLowerCase())
    await decide(page, 'approve')
    t.regex(await title(page), APPROVED)
    t.is(await pollOutcome(server.url, codes.device_code), 'token')

    const typed = await authorize(server.url, { client_id: 'cli' }, far)
    await page.goto(typed.verification_uri)
    await enterCode(page, typed.user_code)
    t.is(await shownCode(page), typed.user_code)
    t.is(await page.locator('#code-ending').count(), 0)
    await page.getByLabel('One of them uses a VPN.').check()
    await decide(page, 'approve')
    t.is(await pollOutcome(server.url, typed.device_code), 'token')
  },
)
