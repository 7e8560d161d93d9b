import { StoreUnavailableError } from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { startSilentServer } from '@device-grant/test-support/silent-server'
import test from 'ava'
import { RemoteKeys } from '#src/clients/remote-keys.js'

test('a request for keys that gets no answer ends, and is not repeated at once', async (t) => {
  const silent = await startSilentServer()
  t.teardown(() => silent.close())
  let requests = 0
  const keys = new RemoteKeys({
    uri: 'https://keys.example/jwks',
    clock: new TestClock(),
    timeoutMs: 1,
    fetch: (_input, init) => {
      requests += 1
      return fetch(`http://127.0.0.1:${silent.port}`, init)
    },
  })
  const find = async () => keys.find({ alg: 'ES256' }, { payload: '', signature: '' })
  const error = await t.throwsAsync(find(), { instanceOf: StoreUnavailableError })
  t.like(error?.cause, { name: 'TimeoutError' })
  t.is(await t.throwsAsync(find()), error)
  t.is(requests, 1)
})
