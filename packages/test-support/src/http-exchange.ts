import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'

/** A request, byte for byte where it matters. */
export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  /** An array is sent in chunks, without a Content-Length. */
  readonly body?: string | Buffer | readonly string[]
}

/** The answer to a request. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The content type of a form. */
export const FORM = 'application/x-www-form-urlencoded'

/** Sends one request, on a connection of its own unless an agent keeps connections. */
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

/** Posts a form with these parameters. */
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

/**
 * The members of an answer that is a JSON object.
 * @throws {TypeError} if it is not
 */
export const membersOf = (answer: Answer): Record<string, unknown> => {
  const value: unknown = JSON.parse(answer.text)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`no JSON object: ${answer.text}`)
  }
  return value as Record<string, unknown>
}
