import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { inspect } from '@device-grant/test-support/page-inspection'
import { APPROVED, decide, enterCode, signIn, title } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('refusals in a browser')

const MINUTE = 60_000
const WRONG_CODE = 'BBBB-BBBB'

const startServer = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<TestServer> => {
  const server = await startTestServer({ SIGN_IN: 'demo', ...env })
  t.teardown(() => server.stop())
  return server
}

/** The page for a code, of a person who has signed in at the demo. */
const signedIn = async (
  t: ExecutionContext,
  { url }: TestServer,
  name = 'alice',
): Promise<Page> => {
  const page = await openPage(t, browser())
  await page.goto(`${url}/oauth/device/verify`)
  await signIn(page, name)
  return page
}

const logged = ({ log }: TestServer, event: string): number =>
  log.filter((line) => (JSON.parse(line) as { msg: string }).msg === event).length

browserTest('wrong codes are counted down to a pause', async (t) => {
  const server = await startServer(t)
  const codes = await authorize(server.url)
  const page = await signedIn(t, server)
  const alerts: string[] = []
  for (let n = 1; n <= 5; n += 1) {
    await enterCode(page, WRONG_CODE)
    alerts.push(await page.locator('[role=alert]').innerText())
    if (n < 5) t.is(await page.inputValue('#user_code'), WRONG_CODE, 'the code can be corrected')
    if (n === 3) await inspect(t, page, 'wrong-code')
  }
  for (const alert of alerts) t.regex(alert, /^This code isn’t valid\./)
  const left = alerts.map((alert) => alert.split('\n').filter((line) => line !== '')[1])
  t.deepEqual(left, [
    `You typed: ${WRONG_CODE}`,
    'You have 3 attempts left.',
    'You have 2 attempts left.',
    'You have 1 attempt left.',
    'That was your last attempt for now. Wait 10 minutes.',
  ])

  t.is(await page.locator('#user_code').count(), 0, 'there is no form to try again')
  await inspect(t, page, 'last-try')
  await page.goto(codes.verification_uri_complete)
  t.is(await title(page), 'Too many wrong codes', 'the right code is refused too')
  await inspect(t, page, 'too-many')
  t.true(logged(server, 'too_many_wrong_user_codes') > 0)
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')

  // Other people are not affected, and the pause ends after ten minutes.
  const bob = await signedIn(t, server, 'bob')
  await enterCode(bob, codes.user_code)
  t.is(await title(bob), 'Connect this device?')
  server.clock.pass(10 * MINUTE + 1)
  await page.goto(`${server.url}/oauth/device/verify`)
  await enterCode(page, (await authorize(server.url)).user_code)
  t.is(await title(page), 'Connect this device?')
})

browserTest('a code that expires while its page is open is not approved', async (t) => {
  const server = await startServer(t)
  const codes = await authorize(server.url)
  const page = await signedIn(t, server)
  await enterCode(page, codes.user_code)
  t.is(await title(page), 'Connect this device?')
  server.clock.pass(10 * MINUTE + 1)
  await decide(page, 'approve')
  t.is(await title(page), 'This code has expired')
  await inspect(t, page, 'expired')
  t.is(await pollOutcome(server.url, codes.device_code), 'expired_token')
  t.deepEqual((await server.useCases.listApiKeys({ owner: 'alice' })).keys, [])

  await page.click('text=Enter another code')
  await enterCode(page, (await authorize(server.url)).user_code)
  t.is(await title(page), 'Connect this device?')
})

browserTest('two people, one code: the second has to wait', async (t) => {
  const server = await startServer(t)
  const codes = await authorize(server.url)
  const [alice, bob] = await Promise.all([signedIn(t, server, 'alice'), signedIn(t, server, 'bob')])
  await enterCode(alice, codes.user_code)
  t.is(await title(alice), 'Connect this device?')
  await enterCode(bob, codes.user_code)
  t.is(logged(server, 'user_code_contested'), 1)
  t.is(
    await bob.locator('[role=alert]').innerText(),
    'Another account has this code open. Try again in two minutes.',
  )
  t.is(await bob.inputValue('#user_code'), codes.user_code)
  await inspect(t, bob, 'contested')

  await decide(alice, 'approve')
  t.regex(await title(alice), APPROVED)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
  t.is((await server.useCases.listApiKeys({ owner: 'alice' })).keys.length, 1)
  t.deepEqual((await server.useCases.listApiKeys({ owner: 'bob' })).keys, [])
})

browserTest('signing out ends the session in every tab and in the pages behind', async (t) => {
  const server = await startServer(t)
  const codes = await authorize(server.url)
  const page = await signedIn(t, server)
  await page.goto(codes.verification_uri_complete)
  const other = await page.context().newPage()
  await other.goto(codes.verification_uri_complete)
  await page.click('text=Sign out')
  t.is(await title(page), 'You’re signed out')
  await inspect(t, page, 'signed-out')

  await page.goBack()
  t.is(await title(page), 'Sign in', 'the page is loaded again')
  await decide(other, 'approve')
  t.is(await title(other), 'Sign in again')
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  t.deepEqual((await server.useCases.listApiKeys({ owner: 'alice' })).keys, [])
})

browserTest('a session that ends while the page is open leads back to the code', async (t) => {
  const server = await startServer(t, { DEVICE_CODE_TTL: '3600' })
  const page = await signedIn(t, server)
  server.clock.pass(MINUTE - 1)
  const codes = await authorize(server.url)
  await page.goto(codes.verification_uri_complete)
  t.is(await title(page), 'Connect this device?')
  server.clock.pass(59 * MINUTE + 2)

  await decide(page, 'approve')
  t.is(await title(page), 'Sign in again')
  await inspect(t, page, 'session-ended')
  await page.getByRole('link', { name: 'Sign in' }).click()
  t.is(await title(page), 'Sign in')
  await signIn(page, 'alice')
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
})

browserTest('a page of an earlier sign-in decides nothing in a later one', async (t) => {
  const server = await startServer(t)
  const codes = await authorize(server.url)
  const page = await signedIn(t, server)
  await page.goto(codes.verification_uri_complete)
  const other = await page.context().newPage()
  await other.goto(`${server.url}/oauth/device/sign-in`)
  await signIn(other, 'bob')
  await decide(page, 'approve')
  t.is(await title(page), 'That didn’t go through')
  await inspect(t, page, 'form-refused')
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  t.deepEqual((await server.useCases.listApiKeys({ owner: 'bob' })).keys, [])
})
