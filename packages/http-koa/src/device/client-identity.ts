import type { IncomingMessage } from 'node:http'
import type { Parameters } from '../http/request-parameters.ts'

/** The client that a request names. Every client is public, so the name is no proof. */
export type ClientIdentity =
  | {
      readonly ok: true
      /** The id, form-decoded first and then as sent. `undefined` if the request names no client. */
      readonly candidates: readonly [string | undefined, ...string[]]
    }
  | {
      readonly ok: false
      readonly error: 'invalid_client' | 'invalid_request'
      readonly description: string
      /** Whether the Authorization header is wrong, which needs status 401 (RFC 6749 section 5.2). */
      readonly challenge: boolean
    }

const VSCHARS = /^[\x20-\x7e]+$/

/**
 * Reads `client_id` from the body, or from `Authorization: Basic` with an empty secret, as many public
 * clients send it (RFC 6749 section 2.3.1). A secret is refused, because no client has one.
 */
export const identifyClient = (
  request: IncomingMessage,
  parameters: Parameters,
): ClientIdentity => {
  const named = parameters.get('client_id')
  if (named !== undefined && !VSCHARS.test(named)) {
    return {
      ok: false,
      error: 'invalid_request',
      description: 'client_id has a character that is not allowed',
      challenge: false,
    }
  }
  const header = request.headers.authorization
  if (header !== undefined && request.headersDistinct['authorization']?.length !== 1) {
    return {
      ok: false,
      error: 'invalid_request',
      description: 'There is more than one Authorization header',
      challenge: false,
    }
  }
  const basic = header === undefined ? undefined : /^basic(?:\s+(.*))?$/i.exec(header)
  if (!basic) {
    return parameters.has('client_secret')
      ? {
          ok: false,
          error: 'invalid_client',
          description: 'This client has no secret',
          challenge: false,
        }
      : { ok: true, candidates: [named] }
  }
  const credentials = parseBasic(basic[1] ?? '')
  if (!credentials) {
    return {
      ok: false,
      error: 'invalid_client',
      description: 'The Basic credentials are malformed',
      challenge: true,
    }
  }
  if (parameters.has('client_secret')) {
    return {
      ok: false,
      error: 'invalid_request',
      description: 'Two ways of client authentication in one request',
      challenge: false,
    }
  }
  if (credentials.secret !== '') {
    return {
      ok: false,
      error: 'invalid_client',
      description: 'This client has no secret',
      challenge: true,
    }
  }
  const [first, ...rest] = credentials.ids
  if (named === undefined) return { ok: true, candidates: [first, ...rest] }
  return credentials.ids.includes(named)
    ? { ok: true, candidates: [named] }
    : {
        ok: false,
        error: 'invalid_request',
        description: 'client_id differs from the Authorization header',
        challenge: false,
      }
}

const parseBasic = (
  encoded: string,
): { readonly ids: readonly [string, ...string[]]; readonly secret: string } | undefined => {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  const raw = text.slice(0, at)
  if (at < 1 || !VSCHARS.test(raw)) return undefined
  const decoded = formDecode(raw)
  const secret = text.slice(at + 1)
  if (decoded === undefined || decoded === raw) return { ids: [raw], secret }
  return VSCHARS.test(decoded) ? { ids: [decoded, raw], secret } : undefined
}

const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
