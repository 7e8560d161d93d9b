import { createServer } from 'node:http'
import {
  codeEnding,
  createMemoryStores,
  createStaticClientRegistry,
  createUseCases,
  DEFAULT_POLICY,
  type DeviceAuthorizationRequest,
  proximity,
  type Safeguard,
  type UseCases,
} from '@device-grant/core'
import { createDeviceGrantRouter, demoSignIn } from '@device-grant/http-koa'
import { inChromium } from '@device-grant/test-support/chromium'
import { TestClock } from '@device-grant/test-support/clock'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { issued } from '@device-grant/test-support/issued'
import { inspect } from '@device-grant/test-support/page-inspection'
import { signIn } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { ExecutionContext } from 'ava'
import Koa from 'koa'
import type { Page } from 'playwright-core'
import { startFrontEnd, startFrontEndSetting } from '../front-end-setting.ts'

const { browserTest, browser } = inChromium('a front end in a browser')

/** Asks the server what a code approves. */
const review = async (page: Page, userCode: string): Promise<void> => {
  await page.fill('[name=user_code]', userCode)
  await page.press('[name=user_code]', 'Enter')
}

browserTest('a front end decides for people from its own origin only', async (t) => {
  const { server, publicUrl, frontEnd } = await startFrontEndSetting(t)
  const stranger = await startFrontEnd(t, publicUrl)
  const context = await browser().newContext()
  t.teardown(() => context.close())
  const codes = await authorize(server.url)

  const page = await context.newPage()
  await page.goto(`${frontEnd}/`)
  await review(page, codes.user_code)
  await page.getByText('Authentication required').waitFor()

  const [signInPage] = await Promise.all([context.waitForEvent('page'), page.click('a')])
  await signInPage.fill('[name=name]', 'alice')
  await signInPage.locator('form[action$="/sign-in"] button').click()
  await signInPage.waitForURL(`${publicUrl}/oauth/device/verify`)

  const other = await context.newPage()
  await other.goto(`${stranger}/`)
  await review(other, codes.user_code)
  await other.getByText('The server cannot be reached').waitFor()
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')

  await page.bringToFront()
  await review(page, codes.user_code)
  await page.click('button[value=approve]')
  await page.getByText('Device authorized successfully!').waitFor()
  server.clock.pass(10_000)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
  await review(page, codes.user_code)
  await page.getByText('This device code has already been processed.').waitFor()
  t.false(await page.locator('button[value=approve]').isVisible())
})

interface KnownClients {
  readonly useCases: UseCases
  readonly clock: TestClock
  /** A page of the front end on which alice is signed in. */
  readonly page: Page
  readonly publicUrl: string
  readonly frontEnd: string
}

/** A service with a registered client and known scopes, and the example in front of it. */
const setUp = async (
  t: ExecutionContext,
  safeguards: readonly Safeguard[] = [],
): Promise<KnownClients> => {
  const clock = new TestClock()
  const useCases = createUseCases({
    ...createMemoryStores({ clock }),
    clock,
    safeguards,
    clients: createStaticClientRegistry([
      {
        clientId: 'acme-cli',
        name: { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile' } },
        authentication: { method: 'none' },
      },
    ]),
    scopes: {
      scopes: () =>
        new Map([
          ['projects:read', { description: { text: 'See your projects' }, required: true }],
          ['projects:write', { description: { text: 'Change your projects' } }],
          ['projects:delete', { description: { text: 'Delete your projects' }, sensitive: true }],
        ]),
    },
  })
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const frontEnd = await startFrontEnd(t, publicUrl)
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl,
    signIn: demoSignIn(),
    sessionSecret: 'only for this test, but long enough',
    frontEndOrigins: [frontEnd],
    clock,
  })
  const server = createServer(new Koa().use(router.routes()).callback())
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const page = await openPage(t, browser(), { locale: 'de' })
  await page.goto(`${publicUrl}/oauth/device/verify`)
  await signIn(page, 'alice')
  return { useCases, clock, page, publicUrl, frontEnd }
}

const REQUEST: DeviceAuthorizationRequest = {
  clientId: 'acme-cli',
  scope: 'projects:read projects:write projects:delete',
  deviceName: 'Maria’s MacBook',
  device: { address: '203.0.113.7', userAgent: 'acme-cli/1.0 <b>' },
}

/** The user code of a request. */
const codeOf = async (
  { useCases }: KnownClients,
  request: Partial<DeviceAuthorizationRequest> = {},
): Promise<string> => issued(await useCases.authorizeDevice({ ...REQUEST, ...request })).userCode

browserTest('a front end shows what it approves, and the person chooses', async (t) => {
  const setting = await setUp(t)
  const { page, frontEnd } = setting
  const userCode = await codeOf(setting)
  await page.goto(`${frontEnd}/?user_code=${userCode}`)
  t.is(await page.inputValue('form [name=user_code]'), userCode)
  t.false(await page.locator('section').isVisible(), 'a link only fills the form in')
  await inspect(t, page, 'front-end-code')
  await page.press('[name=user_code]', 'Enter')
  await page.getByRole('heading', { name: 'Connect Acme CLI?' }).waitFor()
  const text = await page.locator('section').innerText()
  for (const part of [
    userCode,
    'Acme CLI (any program can use this name)',
    'acme-cli/1.0 <b>',
    '203.0.113.7',
    '127.0.0.1',
    'The request comes from another network.',
    'See your projects (required)',
    'Change your projects',
    'Delete your projects (sensitive)',
  ]) {
    t.true(text.includes(part), part)
  }
  t.notRegex(text, /web page|can’t tell whether|Replace/)
  await inspect(t, page, 'front-end')
  t.true(await page.locator('[value="projects:read"]').isDisabled())
  t.deepEqual(await page.locator('option').allInnerTexts(), ['1 day', '30 days', '90 days'])
  t.is(await page.inputValue('[name=device_name]'), 'Maria’s MacBook')

  await page.uncheck('[value="projects:delete"]')
  await page.selectOption('[name=lifetime]', '2592000')
  await page.fill('[name=device_name]', 'The old MacBook')
  const [sent] = await Promise.all([
    page.waitForRequest('**/verify-authenticated?*'),
    page.click('button[value=approve]'),
  ])
  t.deepEqual(sent.postDataJSON(), {
    user_code: userCode,
    decision: 'approve',
    scope: 'projects:read projects:write',
    lifetime: 2_592_000,
    device_name: 'The old MacBook',
  })
  await page.getByText('Device authorized successfully!').waitFor()
  t.false(await page.locator('section').isVisible())
})

browserTest('Enter decides nothing on the page of a front end', async (t) => {
  const setting = await setUp(t)
  const { useCases, page, frontEnd } = setting
  const userCode = await codeOf(setting)
  let decisions = 0
  page.on('request', (request) => {
    if (request.url().includes('verify-authenticated')) decisions += 1
  })
  await page.goto(`${frontEnd}/`)
  await review(page, userCode)
  await page.locator('section').waitFor()
  await page.keyboard.press('Enter')
  for (const part of ['[name=device_name]', '[name=lifetime]', '[value="projects:write"]']) {
    await page.press(part, 'Enter')
    await page.keyboard.press('Escape')
  }
  t.true(await page.locator('section').isVisible())
  await review(page, userCode)
  await page.locator('section').waitFor()
  t.is(decisions, 0)
  t.is((await useCases.reviewUserCode({ userCode, person: 'alice' })).outcome, 'pending')
  await page.click('button[value=deny]')
  await page.getByText('Device denied.').waitFor()
  t.is(decisions, 1)
})

browserTest('a front end warns of web pages, and of places that cannot be compared', async (t) => {
  const setting = await setUp(t)
  const { page, frontEnd } = setting
  const { userAgent } = REQUEST.device
  for (const [device, warning] of [
    [{ webOrigin: 'https://evil.test' }, 'A web page asked for this code: https://evil.test'],
    [{ webOrigin: 'null' }, 'A web page asked for this code: one that hides its address'],
    [{}, 'We can’t tell whether your device and this browser are in the same place.'],
    [{ address: '127.0.0.1' }, undefined],
  ] as const) {
    await page.goto(`${frontEnd}/`)
    await review(page, await codeOf(setting, { device: { userAgent, ...device } }))
    await page.locator('section').waitFor()
    const text = await page.locator('section').innerText()
    if (warning !== undefined) t.true(text.includes(warning), warning)
    else t.notRegex(text, /web page|another network|can’t tell whether/)
  }
})

browserTest('a front end asks for what an approval needs', async (t) => {
  const setting = await setUp(t, [proximity('confirm'), codeEnding(DEFAULT_POLICY)])
  const { page, frontEnd } = setting
  const ending = page.getByLabel('The last 4 characters of the code')
  const approve = async (): Promise<unknown> => {
    const [sent] = await Promise.all([
      page.waitForRequest('**/verify-authenticated?*'),
      page.click('button[value=approve]'),
    ])
    await page.getByText('Device authorized successfully!').waitFor()
    const { elsewhere_reason, code_ending } = sent.postDataJSON()
    return { elsewhere_reason, code_ending }
  }
  const linked = await codeOf(setting)
  await page.goto(`${frontEnd}/?user_code=${linked}`)
  await page.press('[name=user_code]', 'Enter')
  await ending.waitFor()
  await inspect(t, page, 'front-end-needs')
  const shown = `${await page.locator('main').innerText()} ${await page.inputValue('[name=user_code]')}`
  t.false(shown.includes(linked.slice(-4)))
  t.true(shown.includes(`${linked.slice(0, -4)}••••`))
  await page.click('button[value=approve]')
  t.is(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'elsewhere_reason')
  await page.check('[value=vpn]')
  await ending.fill(linked.slice(-4))
  t.deepEqual(await approve(), { elsewhere_reason: 'vpn', code_ending: linked.slice(-4) })

  const typed = await codeOf(setting)
  await review(page, typed)
  await page.getByText(typed).waitFor()
  t.false(await ending.isVisible(), 'the person typed the whole code')
  t.is(await page.locator('[name=elsewhere_reason]:checked').count(), 0)
  await page.check('[value=mobile_data]')
  t.deepEqual(await approve(), { elsewhere_reason: 'mobile_data', code_ending: typed.slice(-4) })
})

browserTest('a front end can deny what cannot be approved', async (t) => {
  const setting = await setUp(t, [proximity('block')])
  const { useCases, page, frontEnd } = setting
  const { deviceCode, userCode } = issued(await useCases.authorizeDevice(REQUEST))
  await page.goto(`${frontEnd}/`)
  await review(page, userCode)
  await page.getByText('it cannot be approved').waitFor()
  t.false(await page.locator('section').isVisible())
  await page.locator('button[value=deny]:visible').click()
  await page.getByText('Device denied.').waitFor()
  t.is(await page.locator('button[value=deny]:visible').count(), 0)
  const polled = await useCases.pollForToken({ deviceCode, clientId: 'acme-cli' })
  t.is(polled.outcome, 'access_denied')
})

browserTest('a front end offers to replace the old key of the same device', async (t) => {
  for (const [passed, isTicked] of [
    [1_000, false],
    [86_400_000, true],
  ] as const) {
    const setting = await setUp(t)
    const { useCases, clock, page, publicUrl, frontEnd } = setting
    const device = issued(await useCases.authorizeDevice(REQUEST))
    await useCases.answerUserCode({
      userCode: device.userCode,
      person: 'alice',
      decision: 'approve',
      lifetimeMs: 2_592_000_000,
    })
    await useCases.pollForToken({ deviceCode: device.deviceCode, clientId: 'acme-cli' })
    const [key] = (await useCases.listApiKeys({ owner: 'alice' })).keys
    clock.pass(passed)
    await page.goto(`${publicUrl}/oauth/device/sign-in`)
    await signIn(page, 'alice')
    await page.goto(`${frontEnd}/`)
    await review(page, await codeOf(setting))
    const box = page.getByLabel('Replace Maria’s MacBook, connected')
    await box.waitFor()
    t.is(await box.isChecked(), isTicked)
    await inspect(t, page, 'front-end-replace')
    await box.check()
    const [sent] = await Promise.all([
      page.waitForRequest('**/verify-authenticated?*'),
      page.click('button[value=approve]'),
    ])
    t.is(sent.postDataJSON().replaces, key?.id)
  }
})
