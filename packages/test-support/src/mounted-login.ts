import type { ExecutionContext } from 'ava'
import { BrowserLike } from './browser-like.ts'
import { cookieName } from './cookie-name.ts'
import { outcomeOf } from './device.ts'
import { AUTHORIZE, KEYS, SIGN_IN, TOKEN, VERIFY } from './endpoints.ts'
import { membersOf, post, send } from './http-exchange.ts'

/**
 * Logs in at a server that is mounted at the path `base`, through a browser. The test fails if a URL
 * or a cookie leaves that path.
 * @returns the API key
 */
export const logInBelow = async (
  t: ExecutionContext,
  origin: string,
  base: string,
): Promise<string> => {
  const { device_code, user_code, verification_uri, verification_uri_complete } = membersOf(
    await post(origin, base + AUTHORIZE, { client_id: 'cli' }),
  )
  t.is(verification_uri, `${origin}${base}${VERIFY}`)
  t.is(verification_uri_complete, `${origin}${base}${VERIFY}?user_code=${user_code}`)
  const browser = new BrowserLike()
  const signIn = await browser.open(String(verification_uri_complete))
  t.is(new URL(signIn.url).pathname, base + SIGN_IN)
  const cookies = [...browser.cookiesFor(`${origin}${base}${VERIFY}`).keys()]
  t.true(cookies.includes(cookieName(origin + base, 'session')))
  for (const name of cookies) t.true(name.startsWith(cookieName(origin + base, '')), name)
  for (const [, url = ''] of signIn.text.matchAll(/(?:href|src)="(\/[^"]+)"/g)) {
    t.true(url.startsWith(`${base}/oauth/device/`), url)
    const { status } = await browser.open(origin + url)
    t.is(status, 200, url)
  }
  const confirm = await browser.submit(signIn, '/sign-in', { name: 'alice' })
  t.is(confirm.url, String(verification_uri_complete))
  const poll = () =>
    post(origin, base + TOKEN, { client_id: 'cli', device_code: String(device_code) })
  t.is(outcomeOf(await poll()), 'authorization_pending')
  t.is((await browser.submit(confirm, '/verify', { decision: 'approve' })).status, 200)
  const answer = membersOf(await poll())
  const keys = await browser.open(`${origin}${base}${KEYS}`)
  t.true(keys.text.includes(String(user_code)))
  return String(answer['access_token'])
}

/** The test fails unless each path answers the metadata of a server mounted at the path `base`. */
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
      device_authorization_endpoint: `${origin}${base}${AUTHORIZE}`,
      token_endpoint: `${origin}${base}${TOKEN}`,
    })
  }
}
