import { Agent, request } from 'node:http'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import type { Server } from './servers.ts'

/** How one implementation lets a device log in. */
export interface LoginSide {
  readonly server: Server
  readonly authorizePath: string
  readonly tokenPath: string
  /** Opens the link of a login in a new browser, signs in and approves. */
  approve(link: string, person: string): Promise<void>
}

type Answer = Readonly<Record<string, unknown>>

interface Post {
  readonly port: number
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

const agent = new Agent({ keepAlive: true })

/** @throws {Error} if the answer is not 200 */
const post = ({ port, path, form }: Post): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const body = new URLSearchParams(form).toString()
    const type = 'application/x-www-form-urlencoded'
    const sent = request({
      port,
      path,
      agent,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': type, 'content-length': body.length },
    })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      if (response.statusCode === 200) resolve(JSON.parse(text))
      else reject(new Error(`${path}: ${response.statusCode} ${text}`))
    })
    sent.end(body)
  })

/** The server, with its demo sign-in. */
export const loginsOfDeviceGrant = (server: Server): LoginSide => ({
  server,
  authorizePath: '/oauth/device/authorize',
  tokenPath: TOKEN,
  approve: async (link, person) => {
    const browser = new BrowserLike()
    const page = await browser.submit(await browser.open(link), '/sign-in', { name: person })
    const { status } = await browser.submit(page, '/verify', { decision: 'approve' })
    if (status !== 200) throw new Error(`The approval ended with ${status}`)
  },
})

/** `oidc-provider`, with its sign-in for development. */
export const loginsOfOidcProvider = (server: Server): LoginSide => ({
  server,
  authorizePath: '/device/auth',
  tokenPath: '/token',
  approve: async (link, person) => {
    const browser = new BrowserLike()
    const confirm = await browser.submit(await browser.open(link), '/device', {})
    const signIn = await browser.submit(confirm, '/device', { confirm: 'yes' })
    const { status } = await browser.submit(signIn, '/interaction', {
      login: person,
      password: 'x',
    })
    if (status !== 200) throw new Error(`The approval ended with ${status}`)
  },
})

const text = (answer: Answer, name: string): string => {
  const value = answer[name]
  if (typeof value !== 'string') throw new Error(`There is no ${name} in the answer`)
  return value
}

/** Logs one device in: a code, an approval, and a poll that gets the key. */
const logIn = async (side: LoginSide, person: string): Promise<void> => {
  const { port } = side.server
  const codes = await post({
    port,
    path: side.authorizePath,
    form: { client_id: 'bench', scope: 'read' },
  })
  await side.approve(text(codes, 'verification_uri_complete'), person)
  const form = {
    grant_type: GRANT_TYPE,
    device_code: text(codes, 'device_code'),
    client_id: 'bench',
  }
  text(await post({ port, path: side.tokenPath, form }), 'access_token')
}

let people = 0

/** Lets so many devices at a time log in, one after the other. Returns how many logged in. */
export const logDevicesIn = async (
  side: LoginSide,
  { seconds, devices: atATime }: { readonly seconds: number; readonly devices: number },
): Promise<number> => {
  const until = performance.now() + seconds * 1000
  let logins = 0
  const device = async (): Promise<void> => {
    while (performance.now() < until) {
      await logIn(side, `person-${people++}`)
      logins += 1
    }
  }
  await Promise.all(Array.from({ length: atATime }, device))
  return logins
}
