import { BrowserLike } from '@device-grant/test-support/browser-like'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { VERIFY, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { FORM } from '@device-grant/test-support/http-exchange'
import test, { type ExecutionContext } from 'ava'
import { type FrontEndSetting, startFrontEndSetting } from './front-end-setting.ts'

interface Setting extends FrontEndSetting {
  readonly verify: string
}

const setUp = async (t: ExecutionContext): Promise<Setting> => {
  const setting = await startFrontEndSetting(t)
  return { ...setting, verify: setting.publicUrl + VERIFY_AUTHENTICATED }
}

const signIn = async ({ publicUrl }: Setting): Promise<BrowserLike> => {
  const browser = new BrowserLike()
  const page = await browser.open(publicUrl + VERIFY)
  await browser.submit(page, '/sign-in', { name: 'alice' })
  return browser
}

/** The headers of the page's `fetch`. */
const asPage = (origin: string): Readonly<Record<string, string>> => ({
  Origin: origin,
  'Content-Type': 'application/json',
  'Sec-Fetch-Site': 'same-site',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Dest': 'empty',
  Accept: '*/*',
})

test('the page cannot be framed', async (t) => {
  const { frontEnd } = await setUp(t)
  const { headers } = await new BrowserLike().send(`${frontEnd}/`)
  t.is(headers.get('Content-Security-Policy'), "frame-ancestors 'none'")
})

test('the page sends requests to the configured server', async (t) => {
  const { frontEnd, publicUrl } = await setUp(t)
  for (const path of ['/', '/?user_code=WDJB-MJHT']) {
    const page = await new BrowserLike().send(frontEnd + path)
    t.is(page.status, 200)
    t.true(page.text.includes(`fetch(\`${publicUrl}/oauth/device/\${path}`))
    t.true(page.text.includes(`href="${publicUrl}/oauth/device/verify"`))
    t.false(page.text.includes('DEVICE_GRANT_URL'))
    t.false(page.text.includes('WDJB-MJHT'))
  }
  t.is((await new BrowserLike().send(`${frontEnd}/other`)).status, 404)
})

test('an allowed origin may decide for a person who is signed in, and read the answer', async (t) => {
  const setting = await setUp(t)
  const browser = await signIn(setting)
  const preflight = await new BrowserLike().send(setting.verify, {
    method: 'OPTIONS',
    headers: {
      Origin: setting.frontEnd,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    },
  })
  t.is(preflight.status, 204)
  t.is(preflight.headers.get('Access-Control-Allow-Origin'), setting.frontEnd)
  t.is(preflight.headers.get('Access-Control-Allow-Credentials'), 'true')
  t.regex(preflight.headers.get('Access-Control-Allow-Headers') ?? '', /Content-Type/i)

  const approved = await authorize(setting.server.url)
  const answer = await browser.send(setting.verify, {
    method: 'POST',
    headers: asPage(setting.frontEnd),
    body: JSON.stringify({ user_code: approved.user_code, decision: 'approve' }),
  })
  t.is(answer.status, 200)
  t.is(answer.headers.get('Access-Control-Allow-Origin'), setting.frontEnd)
  t.deepEqual(JSON.parse(answer.text), { message: 'Device authorized successfully!' })
  t.is(await pollOutcome(setting.server.url, approved.device_code), 'token')
})

test('a person who is not signed in is 401, and the page may read it', async (t) => {
  const setting = await setUp(t)
  const { user_code } = await authorize(setting.server.url)
  const answer = await new BrowserLike().send(setting.verify, {
    method: 'POST',
    headers: asPage(setting.frontEnd),
    body: JSON.stringify({ user_code }),
  })
  t.is(answer.status, 401)
  t.is(answer.headers.get('Access-Control-Allow-Origin'), setting.frontEnd)
  t.is(JSON.parse(answer.text).detail, 'Authentication required')
})

test('no other origin may decide for a person, by JSON, form or preflight', async (t) => {
  const setting = await setUp(t)
  const browser = await signIn(setting)
  const { user_code, device_code } = await authorize(setting.server.url)
  const { port } = new URL(setting.frontEnd)
  const strangers = [
    'http://localhost:1',
    `http://127.0.0.1:${port}`,
    `https://localhost:${port}`,
    `${setting.frontEnd}.evil.example`,
    'null',
  ]
  for (const origin of strangers) {
    const json = { headers: asPage(origin), body: JSON.stringify({ user_code }) }
    // A form needs no preflight.
    const form = {
      headers: { ...asPage(origin), 'Content-Type': FORM },
      body: new URLSearchParams({ user_code }),
    }
    for (const sending of [json, form]) {
      const answer = await browser.send(setting.verify, { method: 'POST', ...sending })
      t.is(answer.status, 403, origin)
      t.is(answer.headers.get('Access-Control-Allow-Origin'), null)
    }
    const preflight = await browser.send(setting.verify, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    })
    t.is(preflight.headers.get('Access-Control-Allow-Origin'), null)
  }
  t.is(await pollOutcome(setting.server.url, device_code), 'authorization_pending')
})
