import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { BrowserLike } from './browser-like.ts'
import { type Answer, FORM, membersOf, outcomeOf, send } from './wire-exchange.ts'

export const listen = async (server: Server, port = 0): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const form = (
  url: string,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> =>
  send(url, {
    path,
    headers: { 'content-type': FORM },
    body: new URLSearchParams(fields).toString(),
  })

/** A whole login through everything that is handed out, at `base`. */
export const login = async (t: ExecutionContext, origin: string, base: string): Promise<string> => {
  const asked = membersOf(
    await form(origin, `${base}/oauth/device/authorize`, { client_id: 'cli' }),
  )
  const { device_code, user_code, verification_uri, verification_uri_complete } = asked
  t.is(verification_uri, `${origin}${base}/oauth/device/verify`)
  t.is(verification_uri_complete, `${origin}${base}/oauth/device/verify?user_code=${user_code}`)
  const browser = new BrowserLike()
  const signIn = await browser.open(String(verification_uri_complete))
  t.is(new URL(signIn.url).pathname, `${base}/oauth/device/sign-in`)
  t.is(browser.cookiesFor(`${origin}/`).size, 0, 'no cookie of ours goes to the rest of the host')
  t.is(browser.cookiesFor(`${origin}${base}/oauth/device/verify`).size, 1)
  for (const [, url = ''] of signIn.text.matchAll(/(?:href|src)="(\/[^"]+)"/g)) {
    t.true(url.startsWith(`${base}/oauth/device/`), url)
    const status = (await browser.open(origin + url)).status
    t.is(status, 200, url)
  }
  const confirm = await browser.submit(signIn, '/sign-in', { name: 'alice' })
  t.is(confirm.url, String(verification_uri_complete))
  const poll = (): Promise<Answer> =>
    form(origin, `${base}/oauth/device/token`, {
      client_id: 'cli',
      device_code: String(device_code),
    })
  t.is(outcomeOf(await poll()), 'authorization_pending')
  t.is((await browser.submit(confirm, '/verify', { decision: 'approve' })).status, 200)
  const answer = membersOf(await poll())
  const keys = await browser.open(`${origin}${base}/oauth/device/keys`)
  t.true(keys.text.includes(String(user_code)))
  return String(answer['access_token'])
}

export const isMetadata = async (
  t: ExecutionContext,
  origin: string,
  base: string,
  paths: readonly string[],
): Promise<void> => {
  for (const path of paths) {
    const reply = await send(origin, { method: 'GET', path })
    t.is(reply.status, 200, path)
    t.like(membersOf(reply), {
      issuer: `${origin}${base}`,
      device_authorization_endpoint: `${origin}${base}/oauth/device/authorize`,
      token_endpoint: `${origin}${base}/oauth/device/token`,
    })
  }
}
