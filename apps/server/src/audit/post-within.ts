import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** A request with a text as its body. */
export interface PostWithin {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** How long the whole exchange may take, in milliseconds. */
  readonly withinMs: number
}

/**
 * Posts a text, and returns the status of the response. It follows no redirect and reads no response
 * body.
 * @throws {Error} if the connection fails or no response comes in time
 */
export const postWithin = (url: string, { headers, body, withinMs }: PostWithin): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = new URL(url).protocol === 'http:' ? requestHttp : requestHttps
    const length = { 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', headers: { ...headers, ...length } })
    const late = setTimeout(
      () => sent.destroy(new Error(`No response within ${withinMs} ms`)),
      withinMs,
    )
    sent.once('close', () => clearTimeout(late))
    sent.on('error', reject)
    sent.once('response', (response) => {
      resolve(response.statusCode ?? 0)
      // The connection is kept for the next message, unless the body has no end.
      response.on('error', () => {}).resume()
    })
    sent.end(body)
  })
