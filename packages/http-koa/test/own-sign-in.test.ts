import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createMemoryStores, createUseCases, freshSignIn, type Safeguard } from '@device-grant/core'
import { createDeviceGrantRouter } from '@device-grant/http-koa'
import { BrowserLike, onwardFrom } from '@device-grant/test-support/browser-like'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'
import { ownSignIn } from './own-sign-in.ts'

const start = async (t: ExecutionContext, safeguards: readonly Safeguard[] = []) => {
  const clock = { now: Date.now }
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock, safeguards })
  const server = createServer()
  t.teardown(() => server.close())
  const publicUrl = await listen(server)
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl,
    signIn: ownSignIn(),
    sessionSecret: 'only for this test, but long enough',
  })
  const app = new Koa()
  app.use((ctx, next) => {
    if (ctx.cookies.get('app') === 'alice') {
      ctx.state['user'] = { id: 42, fullName: 'Alice Liddell', sessionId: 's1' }
    }
    return next()
  })
  app.use(router.routes())
  server.on('request', app.callback())
  return { useCases, publicUrl }
}

test('an application signs people in with a few lines of its own', async (t) => {
  const { useCases, publicUrl } = await start(t)
  const { userCode } = issued(await useCases.authorizeDevice({ device: {} }))
  const path = `/oauth/device/verify?user_code=${userCode}`
  const browser = new BrowserLike()
  const asked = await browser.send(publicUrl + path)
  t.is(asked.status, 303)
  t.is(asked.headers.get('Location'), `/login?next=${encodeURIComponent(path)}`)

  browser.setCookie(publicUrl, 'app', 'alice')
  const page = await browser.send(publicUrl + path)
  t.true(page.text.includes('Alice Liddell'))
  const other = await browser.submit(page, '/switch-account', {}, `${publicUrl}/login`)
  t.is(
    onwardFrom(other) ?? other.url,
    `${publicUrl}/login/other-account?next=${encodeURIComponent(path)}`,
  )
  const done = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(done.status, 200)
  t.is((await useCases.listApiKeys({ owner: '42' })).keys.length, 1)
  const out = await browser.submit(page, '/sign-out', {}, 'https://app.example.com/')
  t.is(onwardFrom(out) ?? out.url, 'https://app.example.com/logout')
})

test('a person who has to sign in again gets to the sign-in of the application', async (t) => {
  const { useCases, publicUrl } = await start(t, [freshSignIn(60_000)])
  const { userCode } = issued(await useCases.authorizeDevice({ device: {} }))
  const path = `/oauth/device/verify?user_code=${userCode}`
  const browser = new BrowserLike()
  browser.setCookie(publicUrl, 'app', 'alice')
  const page = await browser.send(publicUrl + path)
  t.is(page.status, 403)
  const link = /href="(\/oauth\/device\/sign-in\?return_to=[^"]*)"/.exec(page.text)?.[1] ?? t.fail()
  for (const [wanted, next] of [
    [link, path],
    ['/oauth/device/sign-in?return_to=https://evil.example', '/oauth/device/verify'],
  ] as const) {
    const asked = await browser.send(publicUrl + wanted)
    t.is(asked.status, 303)
    t.is(asked.headers.get('Location'), `/login?next=${encodeURIComponent(next)}`)
  }
  t.is((await browser.send(`${publicUrl}/oauth/device/sign-in`, { method: 'POST' })).status, 404)
  t.is((await browser.send(`${publicUrl}/oauth/device/sign-in/callback`)).status, 404)
})

/** Files that the documentation shows. */
const shown: Readonly<Record<string, string>> = {
  'the own sign-in': 'packages/http-koa/test/own-sign-in.ts',
  "Apache's configuration": 'tools/identity-providers/apache-site.conf',
}

for (const [what, file] of Object.entries(shown)) {
  test(`the documentation shows ${what} as the tests run it`, (t) => {
    const read = (path: string): string =>
      readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
    t.true(read('docs/sign-in.md').includes(read(file)))
  })
}
