import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'

/** What goes over the wire, byte for byte where it matters. */
export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  /** An array is sent in chunks, without a Content-Length. */
  readonly body?: string | Buffer | readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export const FORM = 'application/x-www-form-urlencoded'
export const AUTHORIZE = '/oauth/device/authorize'
export const TOKEN = '/oauth/device/token'
export const VERIFY_AUTHENTICATED = '/oauth/device/verify-authenticated'
export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

/** One request over a real socket; of its own unless an agent keeps some. */
export const send = (
  url: string,
  { method = 'POST', path, headers = {}, body = '' }: Sent,
  agent: Agent | false = false,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const chunked = Array.isArray(body)
    const length = chunked ? {} : { 'content-length': Buffer.byteLength(body as string | Buffer) }
    const sent = request(
      url + path,
      { method, agent, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    sent.on('error', reject)
    for (const part of chunked ? body : [body as string | Buffer]) sent.write(part)
    sent.end()
  })

/** A form with these parameters, posted. */
export const post = (
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>> = {},
  headers: OutgoingHttpHeaders = {},
  agent: Agent | false = false,
): Promise<Answer> => {
  const body = new URLSearchParams(parameters).toString()
  return send(url, { path, headers: { 'content-type': FORM, ...headers }, body }, agent)
}

/** Exactly these bytes, and all that comes back until the server closes. They have to make it close. */
export const sendBytes = (url: string, bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.write(bytes)
  })

/** The members of an answer that is a JSON object. */
export const membersOf = (answer: Answer): Record<string, unknown> => {
  const value: unknown = JSON.parse(answer.text)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`no JSON object: ${answer.text}`)
  }
  return value as Record<string, unknown>
}

/** Both codes, fresh from the server. */
export interface Codes {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

export const authorize = async (
  url: string,
  parameters: Readonly<Record<string, string>> = { client_id: 'cli' },
): Promise<Codes> => {
  const answer = await post(url, AUTHORIZE, parameters)
  if (answer.status !== 200) throw new Error(`authorize: ${answer.status} ${answer.text}`)
  return membersOf(answer) as unknown as Codes
}

/** One poll of the client `cli`. */
export const poll = (
  url: string,
  device_code: string,
  more: Readonly<Record<string, string>> = {},
  agent: Agent | false = false,
): Promise<Answer> =>
  post(url, TOKEN, { grant_type: GRANT_TYPE, client_id: 'cli', device_code, ...more }, {}, agent)

/** How a poll was answered: its error, or `token`. */
export const outcomeOf = (answer: Answer): string => {
  const { error, access_token } = membersOf(answer)
  return typeof access_token === 'string' ? 'token' : String(error)
}

/** A person whom the reverse proxy has signed in decides. */
export const decide = async (
  url: string,
  userCode: string,
  decision: 'approve' | 'deny',
  person = 'alice',
): Promise<void> => {
  const answer = await post(
    url,
    VERIFY_AUTHENTICATED,
    { user_code: userCode, decision },
    { 'x-forwarded-user': person },
  )
  if (answer.status !== 200) throw new Error(`${decision}: ${answer.status} ${answer.text}`)
}

/**
 * Announces a form of so many bytes and sends it for as long as the server takes it, until the server
 * ends the connection. Tells the status, and how many bytes it took.
 */
export const sendUntilAnswered = (
  url: string,
  path: string,
  length: number,
): Promise<{ readonly status: number; readonly sentBytes: number }> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const part = Buffer.alloc(64 * 1024, '&')
    let heard = ''
    let over = false
    const feed = (): void => {
      while (!over && socket.write(part));
    }
    socket.on('data', (data) => {
      heard += data
    })
    socket.on('drain', feed)
    socket.on('error', () => {})
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        over = true
        socket.destroy()
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1] ?? 0)
        resolve({ status, sentBytes: socket.bytesWritten - socket.writableLength })
      })
    }
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: ${length}\r\n\r\n`,
      feed,
    )
  })
