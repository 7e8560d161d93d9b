import { createServer } from 'node:http'
import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, type Codes, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { listen, portOf } from '@device-grant/test-support/loopback'
import { inspect } from '@device-grant/test-support/page-inspection'
import { decide, signIn, title } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import { whoami } from '@device-grant/test-support/whoami'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../test-server.ts'

const { browserTest, browser } = inChromium('attacks by other origins in a browser')

/** Origins of attackers. Browsers send `SameSite=Lax` cookies within a site. */
const ATTACKERS = {
  'another site': 'localhost',
  'another origin of our site': '127.0.0.1',
} as const

interface Victim {
  readonly server: TestServer
  /** Signed in, with one connected device and one that waits for a decision. */
  readonly page: Page
  readonly waiting: Codes
  readonly key: string
  readonly keyId: string
  /** Serves a page of the attacker. Returns its URL. */
  attack(html: string): string
}

const setUp = async (t: ExecutionContext, host: string): Promise<Victim> => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  let served = ''
  const attacker = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(served)
  })
  await listen(attacker)
  t.teardown(() => {
    attacker.close()
    attacker.closeAllConnections()
  })
  const port = portOf(attacker)

  const context = await browser().newContext({ locale: 'en' })
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${server.url}/oauth/device/verify`)
  await signIn(page, 'alice')
  const connected = await authorize(server.url)
  const answer = { person: 'alice', decision: 'approve' } as const
  await server.useCases.answerUserCode({ userCode: connected.user_code, ...answer })
  const key = await pickUp(server.url, connected.device_code)
  await whoami(server.url, key)
  const [listed] = (await server.useCases.listApiKeys({ owner: 'alice' })).keys
  return {
    server,
    page,
    waiting: await authorize(server.url),
    key,
    keyId: listed?.id ?? '',
    attack: (html) => {
      served = `<!doctype html><title>Win</title>${html}`
      return `http://${host}:${port}/`
    },
  }
}

/** The test fails if anything was approved, denied, revoked or signed out. */
const isUnharmed = async (
  t: ExecutionContext,
  { server, page, waiting, key, keyId }: Victim,
): Promise<void> => {
  const list = await page.request.get(`${server.url}/oauth/device/keys`, {
    headers: { Accept: 'application/json' },
  })
  t.is(list.status(), 200, 'still signed in')
  t.like(await list.json(), { keys: [{ id: keyId, status: 'active' }] })
  t.is((await whoami(server.url, key)).status, 200)
  server.clock.pass(10_000)
  t.is(await pollOutcome(server.url, waiting.device_code), 'authorization_pending')
}

/** The test fails if the code was opened or an attempt was counted. */
const isNotOpened = async (t: ExecutionContext, { server, waiting }: Victim): Promise<void> => {
  t.false(server.log.some((line) => line.includes('wrong_user_code')))
  const review = { userCode: waiting.user_code, person: 'bob' }
  t.is((await server.useCases.reviewUserCode(review)).outcome, 'pending')
}

const form = (action: string, fields: Readonly<Record<string, string>>, type = ''): string => {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input name='${name}' value='${value}'>`,
  )
  return `<form method="post" action="${action}" ${type}>${inputs.join('')}</form>
    <script>document.forms[0].submit()</script>`
}

for (const [attacker, host] of Object.entries(ATTACKERS)) {
  browserTest(`forms that ${attacker} submits change nothing`, async (t) => {
    const victim = await setUp(t, host)
    const { server, page, waiting, keyId, attack } = victim
    const base = `${server.url}/oauth/device`
    const decision = { user_code: waiting.user_code, decision: 'approve', csrf_token: 'x' }
    const json = { [`{"user_code":"${waiting.user_code}","x":"`]: '"}' }
    const forms: readonly (readonly [path: string, html: string, status: number])[] = [
      ['/verify', form(`${base}/verify`, decision), 403],
      ['/verify-authenticated', form(`${base}/verify-authenticated`, decision), 403],
      [
        '/verify-authenticated',
        form(`${base}/verify-authenticated`, json, 'enctype="text/plain"'),
        403,
      ],
      [`/keys/${keyId}/revoke`, form(`${base}/keys/${keyId}/revoke`, decision), 403],
      ['/keys/revoke-all', form(`${base}/keys/revoke-all`, decision), 403],
      ['/switch-account', form(`${base}/switch-account`, decision), 403],
      ['/sign-out', form(`${base}/sign-out`, decision), host === 'localhost' ? 200 : 403],
      ['/sign-in', form(`${base}/sign-in`, { name: 'mallory', csrf_token: 'x' }), 403],
    ]
    for (const [path, html, status] of forms) {
      const [answer] = await Promise.all([
        page.waitForResponse(`${base}${path}`),
        page.goto(attack(html)),
      ])
      t.is(answer.request().method(), 'POST')
      t.is(answer.status(), status, path)
      await isUnharmed(t, victim)
    }
  })

  browserTest(`scripts of ${attacker} change nothing and read nothing`, async (t) => {
    const victim = await setUp(t, host)
    const { server, page, waiting, keyId, attack } = victim
    const base = `${server.url}/oauth/device`
    await page.goto(attack(''))
    const outcomes = await page.evaluate(`(async () => {
      const base = ${JSON.stringify(base)}
      const decision = { user_code: ${JSON.stringify(waiting.user_code)}, decision: 'approve' }
      const post = { method: 'POST', credentials: 'include' }
      const body = new URLSearchParams(decision)
      const text = new Blob([JSON.stringify(decision)], { type: 'text/plain' })
      const json = { ...post, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(decision) }
      const requests = [
        ['/verify', { ...post, mode: 'no-cors', body }],
        ['/verify-authenticated', { ...post, mode: 'no-cors', body }],
        ['/verify-authenticated', { ...post, mode: 'no-cors', body: text }],
        ['/verify-authenticated', { ...post, body }],
        ['/verify-authenticated', json],
        ['/keys', { credentials: 'include' }],
        ['/keys', { credentials: 'include', mode: 'no-cors' }],
        ['/verify?user_code=' + decision.user_code, { credentials: 'include' }],
        ['/keys/${keyId}', { method: 'DELETE', credentials: 'include' }],
        ['/keys/${keyId}/revoke', { ...post, mode: 'no-cors', body }],
        ['/keys/revoke-all', { ...post, mode: 'no-cors', body }],
        ['/sign-out', { ...post, mode: 'no-cors', body }],
      ]
      const outcomes = []
      for (const [path, init] of requests) {
        outcomes.push(await fetch(base + path, init).then(
          async (answer) => answer.type + ' ' + (await answer.text()).length,
          () => 'refused',
        ))
      }
      navigator.sendBeacon(base + '/verify-authenticated', body)
      return outcomes
    })()`)
    const blind = 'opaque 0'
    const refused = 'refused'
    t.deepEqual(outcomes, [
      ...[blind, blind, blind, refused, refused],
      ...[refused, blind, refused, refused],
      ...[blind, blind, blind],
    ])
    await isUnharmed(t, victim)
    await isNotOpened(t, victim)
  })

  browserTest(`embedding by ${attacker} shows, opens and approves nothing`, async (t) => {
    const victim = await setUp(t, host)
    const { server, page, waiting, attack } = victim
    let refusals = 0
    const allRefused = new Promise<void>((resolve) => {
      page.on('console', (message) => {
        if (!message.text().includes("frame-ancestors 'none'")) return
        refusals += 1
        if (refusals === 3) resolve()
      })
    })
    const requested = new Set<string>()
    const kinds = ['iframe', 'object', 'embed', 'img', 'script', 'style', 'prefetch', 'preload']
    const allRequested = new Promise<void>((resolve) => {
      page.on('request', (request) => {
        const { origin, searchParams } = new URL(request.url())
        if (origin === server.url) requested.add(searchParams.get('by') ?? '')
        if (kinds.every((kind) => requested.has(kind))) resolve()
      })
    })
    const url = (by: string): string =>
      `${waiting.verification_uri_complete}&decision=approve&by=${by}`
    // If the browser showed a frame, a click on the bait would hit it.
    await page.goto(
      attack(`<style>
          iframe, object, embed { position: absolute; inset: 0; width: 100%; height: 200px; opacity: 0.01 }
          object { top: 200px } embed { top: 400px }
        </style>
        <button>Win a prize</button>
        <iframe src="${url('iframe')}"></iframe>
        <object data="${url('object')}"></object>
        <embed src="${url('embed')}">
        <img src="${url('img')}">
        <script src="${url('script')}"></script>
        <link rel="stylesheet" href="${url('style')}">
        <link rel="prefetch" href="${url('prefetch')}">
        <link rel="preload" as="fetch" crossorigin="use-credentials" href="${url('preload')}">`),
    )
    await Promise.all([allRequested, allRefused])
    t.false(page.frames().some((frame) => frame.url().startsWith(server.url)))
    for (const y of [100, 300, 500]) await page.mouse.click(300, y)
    await isUnharmed(t, victim)
    await isNotOpened(t, victim)
  })
}

for (const [attacker, host] of Object.entries(ATTACKERS)) {
  browserTest(
    `${attacker} cannot use up a person’s attempts in a window that it opens`,
    async (t) => {
      const { server, page, waiting, attack } = await setUp(t, host)
      const wrong = (n: number): string =>
        `${server.url}/oauth/device/verify?user_code=BBBB-BBB${'BCDFGHJK'[n]}`
      await page.goto(attack(`<button onclick="opened = window.open('${wrong(0)}')">Win</button>`))
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('button')])
      await popup.waitForURL(wrong(0))
      for (let n = 1; n <= 7; n += 1) {
        // Either the window navigates, or the attacker has lost it.
        await Promise.all([
          Promise.race([popup.waitForURL(wrong(n)), page.waitForFunction('opened.closed')]),
          page.evaluate(`opened.location = '${wrong(n)}'`),
        ])
      }
      t.is(server.log.filter((line) => line.includes('"wrong_user_code"')).length, 1)
      await popup.goto(waiting.verification_uri_complete)
      t.is(await title(popup), 'Connect this device?')
    },
  )
}

for (const [attacker, host] of Object.entries(ATTACKERS)) {
  browserTest(`${attacker} reviews no code with its own requests`, async (t) => {
    const victim = await setUp(t, host)
    const { server, page, waiting, attack } = victim
    await page.goto(attack(''))
    for (const code of [waiting.user_code, 'BBBB-BBBB']) {
      const verify = `${server.url}/oauth/device/verify?user_code=${code}`
      const review = `${server.url}/oauth/device/review`
      const answers = await page.evaluate(`(async () => {
        const results = []
        for (const mode of ['no-cors', 'cors']) {
          for (const [url, more] of [
            ['${verify}', { headers: { Accept: 'application/json' } }],
            ['${review}', { method: 'POST', body: new URLSearchParams({ user_code: '${code}' }) }],
          ]) {
            const asked = fetch(url, { mode, credentials: 'include', ...more })
            results.push(await asked.then((answer) => answer.text(), () => 'blocked'))
          }
        }
        return results
      })()`)
      t.deepEqual(answers, ['', '', 'blocked', 'blocked'])
    }
    await isUnharmed(t, victim)
    await isNotOpened(t, victim)
  })
}

/** Ways in which a page leads elsewhere without a click. */
const REDIRECTS: Readonly<Record<string, (url: string) => string>> = {
  'a script': (url) => `<script>location.replace('${url}')</script>`,
  'a refresh': (url) => `<meta http-equiv="refresh" content="0;url=${url}">`,
  'a form': (url) => {
    const { origin, pathname, searchParams } = new URL(url)
    const code = searchParams.get('user_code')
    return `<form action="${origin}${pathname}"><input name="user_code" value="${code}"></form>
      <script>document.forms[0].submit()</script>`
  },
}

for (const [attacker, host] of Object.entries(ATTACKERS)) {
  browserTest(`${attacker} uses up no attempts of a person without a click`, async (t) => {
    const { server, page, waiting, attack } = await setUp(t, host)
    const charges = (): number =>
      server.log.filter((line) => line.includes('"wrong_user_code"')).length
    const wrong = `${server.url}/oauth/device/verify?user_code=BBBB-BBBB`
    const starts = [wrong, `${server.url}/device?user_code=BBBB-BBBB`]
    for (const html of Object.values(REDIRECTS).flatMap((to) => starts.map(to))) {
      await page.goto(attack(html))
      await page.waitForURL(wrong)
      t.is(await page.inputValue('#user_code'), 'BBBB-BBBB')
      t.is(await page.locator('[role=alert]').count(), 0)
      // Back opens the code again, or shows the page as it was.
      await page.goto('about:blank')
      await page.goBack({ waitUntil: 'commit' })
      t.is(await page.inputValue('#user_code'), 'BBBB-BBBB')
    }
    t.is(charges(), 0)
    await page.click('main button')
    await page.locator('[role=alert]').waitFor()
    t.is(charges(), 1, 'one press goes on')

    const short = `${server.url}/device?user_code=${waiting.user_code}`
    for (const link of [waiting.verification_uri_complete, short]) {
      await page.goto(attack(`<a href="${link}">Connect</a>`))
      await page.click('a')
      await page.waitForURL(waiting.verification_uri_complete)
      t.is(await title(page), 'Connect this device?', 'a click is enough')
    }
    await page.reload()
    t.is(await title(page), 'Connect this device?')
  })
}

browserTest('UI-3: the texts of a device stay text', async (t) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  const clientId = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
  const scope = "<script>alert(3)</script> ');alert(4)// <svg/onload=alert(5)>"
  const userAgent = `</dd><iframe srcdoc="<script>alert(6)</script>">{{7*7}}\${8*8}`
  const page = await openPage(t, browser())
  page.on('dialog', (dialog) => {
    t.fail(`A script ran: ${dialog.message()}`)
    return dialog.dismiss()
  })
  const areText = async (forms: number): Promise<void> => {
    for (const summary of await page.locator('summary').all()) {
      if (await summary.isVisible()) await summary.click()
    }
    const text = await page.locator('main').innerText()
    for (const part of [clientId, userAgent, ...scope.split(' ')]) {
      t.true(text.includes(part), part)
    }
    t.is(await page.locator('main :is(script, iframe, img, svg)').count(), 0)
    t.is(await page.locator('form').count(), forms)
  }
  const codes = await authorize(
    server.url,
    { client_id: clientId, scope },
    { 'user-agent': userAgent },
  )
  await page.goto(codes.verification_uri_complete)
  await signIn(page, 'alice')
  t.is(await title(page), 'Connect this device?')
  await areText(3)
  await inspect(t, page, 'hostile')
  await decide(page, 'approve')
  await page.goto(`${server.url}/oauth/device/keys`)
  await areText(4)

  const code = `"><script>alert(9)</script>`
  await page.goto(`${server.url}/oauth/device/verify?user_code=${encodeURIComponent(code)}`)
  t.is(await page.inputValue('#user_code'), code)
})
