import { createServer } from 'node:http'
import { type AdmitPerson, createMemoryStores, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter, demoSignIn, requireApiKey } from '@device-grant/http-koa'
import { bearer } from '@device-grant/test-support/authorization-header'
import { BrowserLike, type Visit } from '@device-grant/test-support/browser-like'
import { TestClock } from '@device-grant/test-support/clock'
import { authorize, outcomeOf, pickUp, poll, pollOutcome } from '@device-grant/test-support/device'
import { REVIEW, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { type Answer, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'

const YES: AdmitPerson = async () => true
const NO: AdmitPerson = async () => false
const THROWS: AdmitPerson = async () => {
  throw new Error('The directory is down')
}

/** An application with its own directory of people, which a test changes. */
const serve = async (t: ExecutionContext, contact?: string) => {
  const clock = new TestClock()
  let admitPerson = YES
  const errors: string[] = []
  const useCases = createUseCases({
    ...createMemoryStores({ clock }),
    clock,
    monotonic: clock.now,
    admitPerson: (person) => admitPerson(person),
  })
  const server = createServer()
  t.teardown(() => void server.close())
  const url = await listen(server)
  const onError = (_: unknown, operation: string) => void errors.push(operation)
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: url,
    signIn: demoSignIn(),
    sessionSecret: 'only for this test, but long enough',
    clock,
    contact,
    onError,
  })
  const app = new Koa().use(router.routes())
  app.use(requireApiKey(useCases.authenticateApiKey, { onError }))
  app.use((ctx) => {
    ctx.body = ctx.state['apiKey'].owner
  })
  server.on('request', app.callback())
  return {
    url,
    clock,
    errors,
    directory: (answer: AdmitPerson) => {
      admitPerson = answer
    },
    use: (apiKey: string): Promise<Answer> =>
      send(url, { method: 'GET', path: '/', headers: bearer(apiKey) }),
  }
}

/** Signs in as ann, and opens the page of a code. */
const openCode = async (url: string, code: string, browser = new BrowserLike()): Promise<Visit> => {
  const page = await browser.open(`${url}/oauth/device/verify?user_code=${code}`)
  return browser.submit(page, '/sign-in', { name: 'ann' })
}

test('a page says that a person may not connect devices, and whom to ask', async (t) => {
  const { url, directory } = await serve(t, 'help@x.example')
  const { user_code, device_code } = await authorize(url)
  const browser = new BrowserLike()
  const page = await openCode(url, user_code, browser)
  directory(NO)
  const refused = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(refused.status, 403)
  t.regex(refused.text, /<h1>You may not connect devices<\/h1>/)
  t.regex(refused.text, /Contact: <a href="mailto:help@x\.example"><bdi[^>]*>help@x\.example</)
  t.notRegex(refused.text, /<code>/, 'the code was not looked up')
  t.is(await pollOutcome(url, device_code), 'authorization_pending')

  const signIn = await browser.submit(refused, '/switch-account', {})
  t.is(new URL(signIn.url).pathname, '/oauth/device/sign-in')
  directory(YES)
  const confirm = await browser.submit(signIn, '/sign-in', { name: 'bob' })
  t.is((await browser.submit(confirm, '/verify', { decision: 'approve' })).status, 200)
  t.is(await pollOutcome(url, device_code), 'token')
})

test('a person who may not connect devices sees that before they decide, and opens no code', async (t) => {
  const { url, directory } = await serve(t)
  const { user_code } = await authorize(url)
  directory(NO)
  const browser = new BrowserLike()
  const refused = await openCode(url, user_code, browser)
  t.is(refused.status, 403)
  t.regex(refused.text, /<h1>You may not connect devices<\/h1>/)
  const cookie = [...browser.cookiesFor(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  for (const typed of [user_code, ...Array(6).fill('BBBB-BBBB')]) {
    const answer = await post(url, REVIEW, { user_code: typed }, { cookie })
    t.is(answer.status, 403)
    t.like(membersOf(answer), { detail: 'You may not connect devices to this service.' })
  }
  const signIn = await browser.submit(refused, '/switch-account', {})
  directory(YES)
  const confirm = await browser.submit(signIn, '/sign-in', { name: 'bob' })
  t.is(confirm.status, 200, 'the refused person had not opened it')
  directory(THROWS)
  const again = await browser.open(`${url}/oauth/device/verify?user_code=${user_code}`)
  t.is(again.status, 200, 'a person can deny while nothing is known')
})

test('no other page names the contact', async (t) => {
  const { url } = await serve(t, 'help@x.example')
  const browser = new BrowserLike()
  const { user_code } = await authorize(url)
  const pages = [
    await openCode(url, user_code, browser),
    await browser.open(`${url}/oauth/device/keys`),
    await browser.open(`${url}/oauth/device/elsewhere`),
  ]
  for (const { text } of pages) t.false(text.includes('help@x.example'))
})

test('a person who may not approve can still deny', async (t) => {
  const { url, directory } = await serve(t)
  const { user_code, device_code } = await authorize(url)
  const browser = new BrowserLike()
  const page = await openCode(url, user_code, browser)
  directory(NO)
  t.is((await browser.submit(page, '/verify', { decision: 'approve' })).status, 403)
  t.is((await browser.submit(page, '/verify', { decision: 'deny' })).status, 200)
  t.is(await pollOutcome(url, device_code), 'access_denied')
})

test('a front end gets a problem document, and never a charged attempt', async (t) => {
  const { url, directory } = await serve(t)
  const { user_code } = await authorize(url)
  const browser = new BrowserLike()
  await openCode(url, user_code, browser)
  const cookie = [...browser.cookiesFor(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  const approve = (code: string) => post(url, VERIFY_AUTHENTICATED, { user_code: code }, { cookie })
  directory(NO)
  for (let i = 0; i < 9; i += 1) {
    const answer = await approve(i === 0 ? user_code : 'BBBB-BBBB')
    t.is(answer.status, 403)
    t.like(membersOf(answer), { detail: 'You may not connect devices to this service.' })
  }
  directory(THROWS)
  const unknown = await approve(user_code)
  t.is(unknown.status, 503)
  t.is(unknown.headers['retry-after'], '5')
  directory(YES)
  t.is((await approve(user_code)).status, 200)
})

test('while nothing is known about a person, the page offers to approve again', async (t) => {
  const { url, directory, errors } = await serve(t)
  const { user_code, device_code } = await authorize(url)
  const browser = new BrowserLike()
  const page = await openCode(url, user_code, browser)
  directory(THROWS)
  const refused = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(refused.status, 503)
  t.is(refused.headers.get('Retry-After'), '5')
  t.true(refused.text.includes(`href="/oauth/device/verify?user_code=${user_code}"`))
  t.deepEqual(errors, ['answer a user code'])
  t.is(await pollOutcome(url, device_code), 'authorization_pending')
  directory(YES)
  t.is((await browser.submit(page, '/verify', { decision: 'approve' })).status, 200)
})

test('a pick-up waits for an answer about the person', async (t) => {
  const { url, directory, errors } = await serve(t)
  const [first, second] = [await authorize(url), await authorize(url)]
  for (const { user_code } of [first, second]) {
    const browser = new BrowserLike()
    const page = await openCode(url, user_code, browser)
    await browser.submit(page, '/verify', { decision: 'approve' })
  }
  directory(THROWS)
  for (let i = 0; i < 3; i += 1) {
    const answer = await poll(url, first.device_code)
    t.is(answer.status, 400)
    t.is(outcomeOf(answer), 'slow_down')
    t.false('interval' in membersOf(answer))
  }
  t.deepEqual(errors, ['poll', 'poll', 'poll'])
  directory(YES)
  t.is(await pollOutcome(url, first.device_code), 'token')
  directory(NO)
  t.is(await pollOutcome(url, second.device_code), 'access_denied')
})

test('a key of a person who has left opens nothing', async (t) => {
  const { url, directory, clock, use, errors } = await serve(t)
  const { user_code, device_code } = await authorize(url)
  const browser = new BrowserLike()
  const page = await openCode(url, user_code, browser)
  await browser.submit(page, '/verify', { decision: 'approve' })
  const apiKey = await pickUp(url, device_code)
  t.is((await use(apiKey)).status, 200)

  directory(THROWS)
  clock.pass(59_999)
  t.is((await use(apiKey)).status, 200, 'a yes is less than a minute old')
  clock.pass(1)
  const unknown = await use(apiKey)
  t.is(unknown.status, 503)
  t.is(unknown.headers['retry-after'], '5')
  t.is(membersOf(unknown)['error'], 'temporarily_unavailable')
  t.deepEqual(errors, ['authenticate'])

  directory(NO)
  const refused = await use(apiKey)
  t.is(refused.status, 401)
  t.is(membersOf(refused)['error'], 'invalid_token')
  t.is(
    refused.headers['www-authenticate'],
    'Bearer realm="device-grant", error="invalid_token", error_description="The owner of the key may not use it now"',
  )
  directory(YES)
  t.is((await use(apiKey)).text, 'ann')
})
