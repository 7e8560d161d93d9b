import type { IncomingMessage } from 'node:http'
import type { Parameters } from '../http/request-parameters.ts'
import type { ClientError } from './identify-client.ts'

/** What a request says about its client, before anything is checked. */
export interface ClientCredentials {
  readonly ok: true
  /** `client_id` of the body. */
  readonly named: string | undefined
  /** The Basic credentials of the header, if there are any (RFC 6749 section 2.3.1). */
  readonly basic: BasicCredentials | undefined
}

export interface BasicCredentials {
  /** The id, form-decoded first and then as sent. */
  readonly ids: readonly [string, ...string[]]
  /** As sent. */
  readonly secret: string
}

const VSCHARS = /^[\x20-\x7e]+$/

/** Reads `client_id` of the body and the Authorization header. Schemes other than Basic are ignored. */
export const readClientCredentials = (
  request: IncomingMessage,
  parameters: Parameters,
): ClientCredentials | ClientError => {
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
  const given = header === undefined ? undefined : /^basic(?:\s+(.*))?$/i.exec(header)
  if (!given) return { ok: true, named, basic: undefined }
  const basic = parseBasic(given[1] ?? '')
  return basic
    ? { ok: true, named, basic }
    : {
        ok: false,
        error: 'invalid_client',
        description: 'The Basic credentials are malformed',
        challenge: true,
      }
}

const parseBasic = (encoded: string): BasicCredentials | undefined => {
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

/** Decodes a text as a form does, or returns `undefined` if it is malformed. */
export const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** The error of a request that authenticates in two ways (RFC 6749 section 2.3). */
export const TWO_WAYS: ClientError = {
  ok: false,
  error: 'invalid_request',
  description: 'Two ways of client authentication in one request',
  challenge: false,
}

/** The error of a request whose body and header name different clients. */
export const TWO_CLIENTS: ClientError = {
  ok: false,
  error: 'invalid_request',
  description: 'client_id differs from the Authorization header',
  challenge: false,
}
