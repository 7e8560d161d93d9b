import { createServer } from 'node:http'
import {
  createMemoryStores,
  createOperatorUseCases,
  createUseCases,
  type DeviceGrantEvent,
} from '@device-grant/core'
import { createDeviceGrantRouter, type DescribeAddress, demoSignIn } from '@device-grant/http-koa'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { TestClock } from '@device-grant/test-support/clock'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'

const KEYS = '/oauth/device/keys'
const VERIFY = '/oauth/device/verify'

const start = async (t: ExecutionContext, describeAddress?: DescribeAddress) => {
  const clock = new TestClock()
  const stores = createMemoryStores({ clock })
  const events: DeviceGrantEvent[] = []
  const ports = {
    ...stores,
    clock,
    events: { emit: (event: DeviceGrantEvent) => events.push(event) },
  }
  const useCases = createUseCases(ports)
  const server = createServer()
  t.teardown(() => void server.close())
  const url = await listen(server)
  const errors: unknown[] = []
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: url,
    signIn: demoSignIn(),
    sessionSecret: 'only for this test, but long enough',
    trustedProxies: ['127.0.0.1'],
    clock,
    describeAddress,
    onError: (error) => errors.push(error),
  })
  server.on('request', new Koa().use(router.routes()).callback())
  const signedIn = async (name: string) => {
    const browser = new BrowserLike()
    await browser.submit(await browser.open(url + VERIFY), '/sign-in', { name })
    return browser
  }
  const ask = async (deviceName?: string) =>
    issued(
      await useCases.authorizeDevice({
        clientId: 'acme-cli',
        deviceName,
        device: { address: '203.0.113.7' },
      }),
    )
  const confirm = (browser: BrowserLike, userCode: string) =>
    browser.open(`${url}${VERIFY}?user_code=${userCode}`)
  const operator = createOperatorUseCases(ports)
  return { url, clock, useCases, operator, events, errors, signedIn, ask, confirm }
}

/** A person's key as JSON. */
const keyJson = async (url: string, browser: BrowserLike, keyId: string) => {
  const cookie = [...browser.cookiesFor(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { cookie, accept: 'application/json' }
  return send(url, { method: 'GET', path: `${KEYS}/${keyId}`, headers })
}

test('an approval leads to its key, whose page follows it to its end', async (t) => {
  const { url, useCases, operator, signedIn, ask, confirm } = await start(t)
  const ann = await signedIn('ann')
  const { deviceCode, userCode } = await ask('Laptop')
  const page = await confirm(ann, userCode)
  const done = await ann.submit(page, '/verify', { decision: 'approve' })
  const [{ id } = { id: '' }] = (await useCases.listApiKeys({ owner: 'ann' })).keys
  t.is(done.url, `${url}${KEYS}/${id}`)
  t.true(done.text.includes('<h1>Approved. Go back to your device</h1>'))
  t.regex(done.text, /data-waiting-ms="\d+"/)
  t.regex(done.headers.get('Content-Security-Policy') ?? '', /connect-src 'self'/)
  t.notRegex(page.headers.get('Content-Security-Policy') ?? '', /connect-src/)
  t.like(membersOf(await keyJson(url, ann, id)), { id, status: 'waiting', device_name: 'Laptop' })

  const reply = await useCases.pollForToken({ deviceCode, clientId: 'acme-cli' })
  const connected = await ann.open(done.url)
  t.true(connected.text.includes('<h1>Device connected</h1>'))
  t.notRegex(connected.text, /data-waiting-ms|approved\.js/)
  t.like(membersOf(await keyJson(url, ann, id)), { status: 'unused' })

  const place = 'https://github.com/acme/app/blob/main/.env'
  const apiKey = reply.outcome === 'granted' ? reply.apiKey : ''
  await operator.revokeLeakedKey({ apiKey, by: 'secret_scanning', place })
  const ended = await ann.open(done.url)
  t.true(ended.text.includes('<h1>This device is not connected</h1>'))
  t.true(ended.text.includes(place))
  t.like(membersOf(await keyJson(url, ann, id)), {
    status: 'ended',
    ended_by: 'secret_scanning',
    place,
  })
  const list = await ann.open(url + KEYS)
  t.true(list.text.includes(`<a href="${place}" rel="noreferrer">`))
  t.regex(list.text, /A key of <bdi translate="no">Laptop<\/bdi> was found in a public place/)

  const bob = await signedIn('bob')
  t.is((await bob.open(done.url)).status, 404)
  t.is((await keyJson(url, bob, id)).status, 404)
  t.is((await keyJson(url, new BrowserLike(), id)).status, 401)
  const later = new BrowserLike()
  const returned = await later.submit(await later.open(done.url), '/sign-in', { name: 'ann' })
  t.is(returned.url, done.url, 'the sign-in leads back')
})

test('a denial can be loaded again by its person, for a day, and cannot be made up', async (t) => {
  const { url, clock, signedIn, ask, confirm } = await start(t)
  const ann = await signedIn('ann')
  const { userCode } = await ask()
  const denied = await ann.submit(await confirm(ann, userCode), '/verify', { decision: 'deny' })
  t.true(denied.text.includes('<h1>Request denied</h1>'))
  t.true(denied.text.includes('Run the login again on your device.'))
  t.true(denied.text.includes(userCode))
  t.is((await ann.open(denied.url)).text, denied.text)
  t.regex(denied.text, /href="\?notice=[^"]+&amp;ui_locales=de"/, 'in the other language too')

  const { search } = new URL(denied.url)
  const notice = new URLSearchParams(search).get('notice') ?? ''
  const bob = await signedIn('bob')
  for (const [browser, text] of [
    [bob, notice],
    [ann, ''],
    [ann, notice.slice(0, -3)],
    [ann, notice.replace(/^[^.]+/, 'eyJhbGciOiJub25lIn0')],
    [ann, `${notice}&notice=${notice}`],
  ] as const) {
    const visit = await browser.open(`${url}/oauth/device/denied?notice=${text}`)
    t.is(visit.url, url + VERIFY)
    t.notRegex(visit.text, /denied/)
  }
  clock.pass(24 * 60 * 60_000)
  const late = await signedIn('ann')
  t.is((await late.open(denied.url)).url, url + VERIFY)
})

test('a report denies, is an event, and lists the approvals of the last day', async (t) => {
  const { clock, useCases, events, signedIn, ask, confirm } = await start(t)
  for (const deviceName of ['Old laptop', 'New laptop']) {
    const { userCode } = await ask(deviceName)
    await useCases.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
    clock.pass(deviceName === 'Old laptop' ? 24 * 60 * 60_000 + 1 : 1)
  }
  const ann = await signedIn('ann')
  const { userCode, deviceCode } = await ask()
  const page = await confirm(ann, userCode)
  const reported = await ann.submit(page, '/verify', { decision: 'report' })
  t.true(reported.text.includes('<h1>Request denied and reported</h1>'))
  t.true(reported.text.includes('New laptop'))
  t.false(reported.text.includes('Old laptop'))
  const poll = { deviceCode, clientId: 'acme-cli' }
  t.is((await useCases.pollForToken(poll)).outcome, 'access_denied')
  t.like(
    events.filter(({ type }) => type === 'request_reported'),
    [{ person: 'ann', clientId: 'acme-cli' }],
  )
})

test('a report after a decision is an event, and says what became of the request', async (t) => {
  for (const [decision, title] of [
    ['deny', 'Request denied and reported'],
    ['approve', 'Request reported, but it was approved'],
  ] as const) {
    const { events, useCases, signedIn, ask, confirm } = await start(t)
    const ann = await signedIn('ann')
    const { userCode } = await ask('New laptop')
    const page = await confirm(ann, userCode)
    await ann.submit(page, '/verify', { decision })
    const reported = await ann.submit(page, '/verify', { decision: 'report' })
    t.true(reported.text.includes(`<h1>${title}</h1>`), decision)
    t.is(/<button[^>]*aria-label="[^"]*New laptop"/.test(reported.text), decision === 'approve')
    t.is((await ann.open(reported.url)).text, reported.text)
    t.like(
      events.filter(({ type }) => type === 'request_reported'),
      [{ person: 'ann', clientId: 'acme-cli' }],
      decision,
    )
    const { keys } = await useCases.listApiKeys({ owner: 'ann' })
    for (const { id } of keys) await useCases.revokeApiKey({ owner: 'ann', keyId: id })
    const later = await ann.open(reported.url)
    t.true(later.text.includes('<h1>Request denied and reported</h1>'), 'a key that ended')
  }
})

test('addresses are described, and a hook that fails or hangs costs nothing', async (t) => {
  const places: Readonly<Record<string, string>> = {
    '203.0.113.7': 'Berlin, Germany',
    '198.51.100.7': 'Hamburg, Germany',
  }
  for (const [describe, isShown, faults] of [
    [async (address: string) => ({ place: places[address], network: 'Example Net' }), true, 0],
    [() => Promise.reject(new Error('the test lets it fail')), false, 3],
    [() => new Promise<never>(() => {}), false, 0],
    [(() => null) as unknown as DescribeAddress, false, 3],
  ] as const) {
    const { url, useCases, errors, signedIn, ask } = await start(t, describe)
    const ann = await signedIn('ann')
    const { userCode } = await ask()
    const headers = { 'X-Forwarded-For': '198.51.100.7' }
    const began = performance.now()
    const page = await ann.open(`${url}${VERIFY}?user_code=${userCode}`, { headers })
    t.true(performance.now() - began < 5_000)
    t.is(page.status, 200)
    t.true(page.text.includes('Your device is in another network'))
    t.is(/Device: <bdi[^>]*>Berlin, Germany</.test(page.text), isShown)
    await useCases.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
    const list = await ann.open(url + KEYS)
    t.is(list.text.includes('Berlin, Germany'), isShown)
    t.true(list.text.includes('203.0.113.7'))
    t.is(errors.length, faults)
  }
})

test('a malformed query of the list is refused, and a search needs a session', async (t) => {
  const { url, signedIn } = await start(t)
  const ann = await signedIn('ann')
  for (const query of ['unused=x', 'unused=-1', 'from=x', 'q=a&q=b', 'after=']) {
    t.is((await ann.open(`${url}${KEYS}?${query}`)).status, 400, query)
  }
  for (const query of ['q=', 'q=%00&unused=', `q=${'x'.repeat(1_000)}`]) {
    t.is((await ann.open(`${url}${KEYS}?${query}`)).status, 200, query)
  }
  const { status, text } = await new BrowserLike().open(`${url}${KEYS}?q=laptop`)
  t.is(status, 401)
  t.true(text.includes('Sign in again'))
})
