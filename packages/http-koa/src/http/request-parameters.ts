import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { assertBodyUnread } from './assert-body-unread.ts'

/** Parameters by name, each given once, none empty (RFC 6749 section 3.2). */
export type Parameters = ReadonlyMap<string, string>

/** A body that was read, or what is wrong with it, in words for the client's developer. */
export type RequestParameters =
  | { readonly ok: true; readonly parameters: Parameters }
  | { readonly ok: false; readonly description: string }

const MAX_BODY = 16 * 1024
const MAX_PARAMETER = 2 * 1024
/** So much of a body that is too long is still read, so that its sender can hear why it is refused. */
const MAX_DRAIN = 1024 * 1024

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/**
 * Reads the small form of a token or device authorization request. It is strict where leniency would
 * be dangerous (a parameter sent twice, malformed encoding) and costs a fifth of a general body parser.
 * @param lenient also take an empty body of any type, and a JSON object of strings
 * @throws {Error} when the connection breaks, or somebody else has read the body
 */
export const readRequestParameters = async (
  request: IncomingMessage,
  { lenient = false }: { readonly lenient?: boolean } = {},
): Promise<RequestParameters> => {
  assertBodyUnread(request)
  const encoding = request.headers['content-encoding']
  const body = await readBody(request)
  if (body === undefined) return refused(`The body is longer than ${MAX_BODY} bytes`)
  if (lenient && body.length === 0) return { ok: true, parameters: new Map() }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refused('A Content-Encoding is not supported')
  }
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== FORM && !(lenient && type === JSON_TYPE)) {
    return refused(`The Content-Type must be ${FORM}`)
  }
  if (!isUtf8(body)) return refused('The body is not UTF-8')
  const text = body.toString('utf8')
  return type === FORM ? parseForm(text) : parseJson(text)
}

const refused = (description: string): RequestParameters => ({ ok: false, description })

/** The body, or `undefined` when it is too long. Rejects when the connection breaks. */
const readBody = (request: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    // Whoever left while something in front of us waited is heard of no more.
    if (request.destroyed)
      return reject(new Error('The connection was closed before the body was read'))
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
    request.on('end', () => resolve(length > MAX_BODY ? undefined : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      // Every request closes, and an error that nobody hears costs as much as all the reading.
      if (request.readableEnded) return
      reject(new Error('The connection was closed before the body ended'))
    })
  })

const parseForm = (text: string): RequestParameters => {
  const parameters = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = decode(at < 0 ? part : part.slice(0, at))
    const value = decode(at < 0 ? '' : part.slice(at + 1))
    if (name === undefined) return refused('A parameter name has malformed percent-encoding')
    if (value === undefined) return refused(`${quote(name)} has malformed percent-encoding`)
    const description = add(parameters, name, value)
    if (description !== undefined) return refused(description)
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
    return refused('The body is not JSON')
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return refused('The body must be a JSON object of strings')
  }
  const parameters = new Map<string, string>()
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'string') return refused(`${quote(name)} must be a string`)
    const description = add(parameters, name, member)
    if (description !== undefined) return refused(description)
  }
  // Every name and every value is one string of the text, unless a name was given twice.
  const strings = text.match(/"(?:[^"\\]|\\.)*"/g) ?? []
  if (strings.length !== 2 * parameters.size) {
    const names = strings.filter((_, i) => i % 2 === 0)
    const twice = [...parameters.keys()].find(
      (name) => names.indexOf(`"${name}"`) < names.lastIndexOf(`"${name}"`),
    )
    return refused(`${quote(twice ?? '')} was given more than once`)
  }
  return withoutEmpty(parameters)
}

/** Adds a parameter, or says why it cannot be one. */
const add = (parameters: Map<string, string>, name: string, value: string): string | undefined => {
  if (parameters.has(name)) return `${quote(name)} was given more than once`
  if (Buffer.byteLength(value) > MAX_PARAMETER) {
    return `${quote(name)} is longer than ${MAX_PARAMETER} bytes`
  }
  parameters.set(name, value)
  return undefined
}

/** A parameter without a value counts as not sent, but only once (RFC 6749 section 3.2). */
const withoutEmpty = (parameters: Map<string, string>): RequestParameters => {
  for (const [name, value] of parameters) if (value === '') parameters.delete(name)
  return { ok: true, parameters }
}

/** A name that may stand in an error description (RFC 6749 section 5.2 allows few characters). */
const quote = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : 'A parameter')
