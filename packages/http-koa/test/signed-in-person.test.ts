import { createServer } from 'node:http'
import { createMemoryStores, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter } from '@device-grant/http-koa'
import { FORM, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'

const VALID = { id: 'ann', name: 'Ann', binding: 'session' }

const INVALID: readonly (readonly [member: string, person: unknown])[] = [
  ['id', { ...VALID, id: 42 }],
  ['id', { ...VALID, id: '' }],
  ['id', { ...VALID, id: 'x'.repeat(257) }],
  ['id', { ...VALID, id: 'a\nb' }],
  ['id', { name: 'Ann', binding: 'session' }],
  ['name', { ...VALID, name: undefined }],
  ['name', { ...VALID, name: 7 }],
  ['binding', { ...VALID, binding: undefined }],
  ['binding', { ...VALID, binding: '' }],
  ['binding', { ...VALID, binding: 42 }],
  ['returned a string', 'ann'],
]

for (const [member, person] of INVALID) {
  const shown = JSON.stringify(person).slice(0, 60)
  test(`a sign-in method that returns ${shown} is answered 500, and told why`, async (t) => {
    const errors: unknown[] = []
    const clock = { now: Date.now }
    const router = createDeviceGrantRouter({
      useCases: createUseCases({ ...createMemoryStores({ clock }), clock }),
      publicUrl: 'http://localhost',
      signIn: () => ({
        person: async () => person as typeof VALID,
        begin: async () => t.fail('no sign-in begins'),
      }),
      sessionSecret: 'only for this test, but long enough',
      onError: (error) => errors.push(error),
    })
    const server = createServer(new Koa().use(router.routes()).callback())
    t.teardown(() => void server.close())
    const url = await listen(server)
    const form = { 'content-type': FORM, 'sec-fetch-site': 'same-origin' }
    for (const [method, path, headers] of [
      ['GET', 'verify?user_code=WDJB-MJHT', { accept: 'text/html' }],
      ['POST', 'verify', form],
      ['GET', 'keys', { accept: 'text/html' }],
      ['GET', 'keys', { accept: 'application/json' }],
      ['POST', 'verify-authenticated', form],
    ] as const) {
      const body = method === 'POST' ? 'user_code=WDJB-MJHT&decision=deny' : ''
      const answer = await send(url, { method, path: `/oauth/device/${path}`, headers, body })
      t.is(answer.status, 500, path)
      const error = errors.pop()
      t.true(error instanceof TypeError)
      t.true(String(error).includes(`SignIn.person()`), String(error))
      t.true(String(error).includes(member), String(error))
    }
  })
}

test('a sign-in method that returns null or undefined has no person', async (t) => {
  for (const noPerson of [null, undefined]) {
    const clock = { now: Date.now }
    const router = createDeviceGrantRouter({
      useCases: createUseCases({ ...createMemoryStores({ clock }), clock }),
      publicUrl: 'http://localhost',
      signIn: () => ({ person: async () => noPerson as undefined, begin: async () => {} }),
      sessionSecret: 'only for this test, but long enough',
    })
    const server = createServer(new Koa().use(router.routes()).callback())
    t.teardown(() => void server.close())
    const url = await listen(server)
    t.is((await send(url, { method: 'GET', path: '/oauth/device/keys' })).status, 401)
  }
})
