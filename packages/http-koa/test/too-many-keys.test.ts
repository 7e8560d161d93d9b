import { createServer } from 'node:http'
import { createMemoryStores, createPolicy, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter, demoSignIn } from '@device-grant/http-koa'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { outcomeOf } from '@device-grant/test-support/device'
import { post as form, membersOf } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'

test('a page says that a person has too many devices, and the person can still deny', async (t) => {
  const clock = { now: Date.now }
  const policy = createPolicy({ keysPerPerson: 1 })
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock, policy })
  const server = createServer()
  t.teardown(() => void server.close())
  const url = await listen(server)
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: url,
    signIn: demoSignIn(),
    sessionSecret: 'only for this test, but long enough',
  })
  server.on('request', new Koa().use(router.routes()).callback())
  const first = issued(await useCases.authorizeDevice({ clientId: 'television', device: {} }))
  await useCases.answerUserCode({ ...first, person: 'ann', decision: 'approve' })
  const second = issued(await useCases.authorizeDevice({ clientId: 'acme-cli', device: {} }))

  const browser = new BrowserLike()
  const request = `${url}/oauth/device/verify?user_code=${second.userCode}`
  const page = await browser.submit(await browser.open(request), '/sign-in', { name: 'ann' })
  const refused = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(refused.status, 409)
  t.true(refused.text.includes('television'))
  for (const path of ['keys', `verify?user_code=${second.userCode}`]) {
    t.true(refused.text.includes(`href="/oauth/device/${path}"`), refused.text)
  }
  const cookie = [...browser.cookiesFor(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  const path = '/oauth/device/verify-authenticated'
  const json = await form(url, path, { user_code: second.userCode }, { cookie })
  t.is(json.status, 409)
  t.like(membersOf(json), { detail: 'Too many connected devices. Disconnect one first.' })
  const { keys } = await useCases.listApiKeys({ owner: 'ann' })
  t.is(membersOf(json)['least_recently_used'], keys[0]?.id)

  t.is((await browser.submit(page, '/verify', { decision: 'deny' })).status, 200)
  const poll = { device_code: second.deviceCode, client_id: 'acme-cli' }
  t.is(outcomeOf(await form(url, '/oauth/device/token', poll)), 'access_denied')
})
