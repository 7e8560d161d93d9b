import { createServer } from 'node:http'
import { createMemoryStores, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter, demoSignIn } from '@device-grant/http-koa'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { listen, portOf } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'

/** Starts a router, and returns a function that reads `scopes_supported`. */
const started = async (
  t: ExecutionContext,
  scopesSupported?: () => readonly string[],
): Promise<() => Promise<unknown>> => {
  const clock = { now: Date.now }
  const router = createDeviceGrantRouter({
    useCases: createUseCases({ ...createMemoryStores({ clock }), clock }),
    publicUrl: 'http://localhost:3000',
    sessionSecret: 'a secret of thirty-two characters',
    signIn: demoSignIn(),
    scopesSupported,
  })
  const server = createServer(new Koa().use(router.routes()).callback())
  await listen(server)
  t.teardown(() => server.close())
  const path = '/.well-known/oauth-authorization-server'
  return async () => {
    const answer = await send(`http://127.0.0.1:${portOf(server)}`, { method: 'GET', path })
    return membersOf(answer)['scopes_supported']
  }
}

test('MET-9: the metadata name the scope api by default', async (t) => {
  const read = await started(t)
  t.deepEqual(await read(), ['api'])
})

test('MET-9: the metadata name the scopes of the moment, and never an empty list', async (t) => {
  const scopes = ['read']
  const read = await started(t, () => scopes)
  t.deepEqual(await read(), ['read'])
  scopes.push('write')
  t.deepEqual(await read(), ['read', 'write'])
  scopes.length = 0
  t.deepEqual(await read(), ['api'])
  scopes.push('write')
  t.deepEqual(await read(), ['write'])
})
