import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { assertBodyUnread } from './assert-body-unread.ts'
import { nameInQuery } from './name-in-query.ts'

/** Parameters by name, each sent once, none empty (RFC 6749 section 3.2). */
export type Parameters = ReadonlyMap<string, string>

/** The parameters of a request, or an `error_description` for the client's developer. */
export type RequestParameters =
  | { readonly ok: true; readonly parameters: Parameters }
  | { readonly ok: false; readonly description: string }

/** The longest body, in bytes. */
const MAX_BODY = 16 * 1024
/** The longest value, in bytes. */
const MAX_PARAMETER = 2 * 1024
/** A longer body is read up to here, in bytes: a client that is still sending reads no response. */
const MAX_DRAIN = 1024 * 1024

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** What a request about a key has in its body only (RFC 7009 section 2.1, RFC 7662 section 2.1). */
export const WITH_TOKEN: readonly string[] = [
  'token',
  'client_id',
  'client_secret',
  'client_assertion',
]

/** May be sent several times (RFC 8707 section 2). A URI has no space, so a space separates them. */
const RESOURCE = 'resource'
/** Clients send this several times too. It means nothing here. */
const IGNORED = 'audience'

/** A request with one of these in its query was meant for the body (RFC 6749 section 3.2). */
const BODY_ONLY = [
  'client_id',
  'scope',
  'device_name',
  'login_hint',
  RESOURCE,
  'device_code',
  'grant_type',
  'client_secret',
  'client_assertion',
] as const

/**
 * Reads the parameters of a token or device authorization request, a form or a JSON object of strings.
 * It rejects what is dangerous to accept (a parameter sent twice, malformed encoding), at a fifth of the
 * cost of a general parser.
 * @param acceptEmpty also accept an empty body of any type
 * @param bodyOnly names that are refused in the query
 * @throws {Error} if the connection breaks, or the body was read already
 */
export const readRequestParameters = async (
  request: IncomingMessage,
  {
    acceptEmpty = false,
    bodyOnly = BODY_ONLY,
  }: {
    readonly acceptEmpty?: boolean | undefined
    readonly bodyOnly?: readonly string[] | undefined
  } = {},
): Promise<RequestParameters> => {
  assertBodyUnread(request)
  const encoding = request.headers['content-encoding']
  const body = await readBody(request)
  const misplaced = nameInQuery(request.url, bodyOnly)
  if (misplaced) return rejected(`${misplaced} is in the query: parameters belong in the body`)
  if (body === undefined) return rejected(`The body is longer than ${MAX_BODY} bytes`)
  if (acceptEmpty && body.length === 0) return { ok: true, parameters: new Map() }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return rejected('A Content-Encoding is not supported')
  }
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== FORM && type !== JSON_TYPE) {
    return rejected(`The Content-Type must be ${FORM} or ${JSON_TYPE}`)
  }
  if (!isUtf8(body)) return rejected('The body is not UTF-8')
  const text = body.toString('utf8')
  return type === FORM ? parseForm(text) : parseJson(text)
}

const rejected = (description: string): RequestParameters => ({ ok: false, description })

/** The body, or `undefined` if it is too long. Rejects if the connection breaks. */
const readBody = (request: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    // If the client disconnected during earlier middleware, no further event fires.
    if (request.destroyed) {
      return reject(new Error('The connection was closed before the body was read'))
    }
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BODY) chunks.push(chunk)
      else if (length > MAX_DRAIN) {
        request.pause()
        resolve(undefined)
      }
    })
    request.on('end', () => resolve(length > MAX_BODY ? undefined : joined(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      // 'close' fires for every request, and an unused Error would double the cost of reading.
      if (request.readableEnded) return
      reject(new Error('The connection was closed before the body ended'))
    })
  })

/** Most bodies are one chunk, which needs no copy. */
const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)

const parseForm = (text: string): RequestParameters => {
  const parameters = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = decode(at < 0 ? part : part.slice(0, at))
    const value = decode(at < 0 ? '' : part.slice(at + 1))
    if (name === undefined) return rejected('A parameter name has malformed percent-encoding')
    if (value === undefined) return rejected(`${quote(name)} has malformed percent-encoding`)
    const description = add(parameters, name, value)
    if (description !== undefined) return rejected(description)
  }
  return withoutEmpty(parameters)
}

const decode = (text: string): string | undefined => {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}

const parseJson = (text: string): RequestParameters => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return rejected('The body is not JSON')
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return rejected('The body must be a JSON object of strings')
  }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'string') return rejected(`${quote(name)} must be a string`)
  }
  // JSON.parse keeps only the last of two members with the same name, so read them one by one.
  const parameters = new Map<string, string>()
  const end = text.lastIndexOf('}')
  MEMBER.lastIndex = text.indexOf('{') + 1
  while (Object.keys(value).length > 0 && MEMBER.lastIndex < end) {
    const [, name, member] = MEMBER.exec(text) ?? []
    // Only a member that a later one replaces is no string here.
    if (name === undefined || member === undefined) {
      return rejected('A parameter was given more than once')
    }
    const description = add(parameters, JSON.parse(name), JSON.parse(member))
    if (description !== undefined) return rejected(description)
  }
  return withoutEmpty(parameters)
}

/** A member of a JSON object whose value is a string, up to the comma or brace that follows it. */
const MEMBER = /\s*("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*")\s*[,}]/y

/** Adds a parameter. Returns what is wrong with it, if anything. */
const add = (parameters: Map<string, string>, name: string, value: string): string | undefined => {
  // A character has three bytes at most.
  if (value.length * 3 > MAX_PARAMETER && Buffer.byteLength(value) > MAX_PARAMETER) {
    return `${quote(name)} is longer than ${MAX_PARAMETER} bytes`
  }
  if (parameters.has(name)) {
    if (name === RESOURCE) parameters.set(name, `${parameters.get(name)} ${value}`)
    else if (name !== IGNORED) return `${quote(name)} was given more than once`
    return undefined
  }
  parameters.set(name, value)
  return undefined
}

/** The values of `resource` in a request. */
export const resourcesIn = (parameters: Parameters): readonly string[] | undefined =>
  parameters.get(RESOURCE)?.split(' ').filter(Boolean)

/** Removes empty parameters, which count as not sent (RFC 6749 section 3.2). */
const withoutEmpty = (parameters: Map<string, string>): RequestParameters => {
  for (const [name, value] of parameters) if (value === '') parameters.delete(name)
  return { ok: true, parameters }
}

/** A name, if an `error_description` can hold it (RFC 6749 section 5.2 allows few characters). */
const quote = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : 'A parameter')
