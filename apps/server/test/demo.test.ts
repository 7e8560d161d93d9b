import test from 'ava'
import { startTestServer } from './test-server.ts'

test('a form of another site starts and ends no session', async (t) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  try {
    const reply = await fetch(`${server.url}/oauth/device/sign-in`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
      body: new URLSearchParams({ name: 'mallory', csrf_token: 'made up' }),
      redirect: 'manual',
    })
    t.is(reply.status, 403)
    t.is(reply.headers.get('set-cookie'), null)
  } finally {
    await server.stop()
  }
})
