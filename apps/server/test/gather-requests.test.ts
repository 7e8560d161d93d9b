import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { turns } from '@device-grant/test-support/event-loop'
import { eventually } from '@device-grant/test-support/eventually'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import { gatherRequests } from '#src/gather-requests.js'

test('requests of one turn are answered at its end, one right after the other', async (t) => {
  const calls: string[] = []
  const gathered = gatherRequests(({ url = '' }) => {
    calls.push(url)
    queueMicrotask(() => calls.push(`later step of ${url}`))
  })
  const ask = (url: string): void => {
    gathered({ url, destroyed: false } as IncomingMessage, {} as ServerResponse)
  }
  ask('/a')
  ask('/b')
  t.deepEqual(calls, [])
  await turns(1)
  t.deepEqual(calls, ['/a', '/b', 'later step of /a', 'later step of /b'])
  ask('/c')
  await turns(1)
  t.deepEqual(calls.slice(4), ['/c', 'later step of /c'])
})

test('each request keeps its asynchronous context', async (t) => {
  const storage = new AsyncLocalStorage<string>()
  const found: (string | undefined)[] = []
  const gathered = gatherRequests(() => {
    found.push(storage.getStore())
  })
  const ask = (): void => gathered({ destroyed: false } as IncomingMessage, {} as ServerResponse)
  for (const name of ['a', 'b']) storage.run(name, ask)
  ask()
  await turns(1)
  t.deepEqual(found, ['a', 'b', undefined])
})

test('a request whose client is gone is dropped', async (t) => {
  let calls = 0
  const gathered = gatherRequests(() => {
    calls += 1
  })
  const http = createServer((request, response) => {
    gathered(request, response)
    if (request.url === '/gone') request.destroy()
  })
  t.teardown(() => void http.close())
  const url = await listen(http)
  await t.throwsAsync(fetch(`${url}/gone`))
  t.is(calls, 0)
  void fetch(`${url}/here`).catch(() => {})
  await eventually('the other one is answered', () => calls === 1)
  http.closeAllConnections()
})
