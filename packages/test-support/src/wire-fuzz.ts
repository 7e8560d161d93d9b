import { Agent, type OutgoingHttpHeaders } from 'node:http'
import { deflateSync, gzipSync } from 'node:zlib'
import { authorize, type Codes } from './device.ts'
import { AUTHORIZE, GRANT_TYPE, REVIEW, TOKEN, VERIFY_AUTHENTICATED } from './endpoints.ts'
import { type Answer, FORM, send } from './http-exchange.ts'
import { decide } from './person.ts'

/** Random numbers that a seed reproduces (mulberry32). */
class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) % below
  }
  /** True once in `times` calls. */
  once(times: number): boolean {
    return this.below(times) === 0
  }
  pick<T>(of: readonly [T, ...T[]]): T {
    return of[this.below(of.length)] ?? of[0]
  }
}

interface Draft {
  method: string
  path: string
  headers: OutgoingHttpHeaders
  body: Buffer
}

const NAMES = [
  'client_id',
  'scope',
  'device_code',
  'grant_type',
  'resource',
  'user_code',
  'decision',
  'csrf_token',
  '__proto__',
  'constructor',
  '',
] as const
const VALUES = [
  '',
  'cli',
  'approve',
  'deny',
  GRANT_TYPE,
  '\0',
  '%',
  '"',
  '\\',
  'null',
  '{}',
  '[]',
  '\u00e9',
  '\ud83d\udd11',
  '\u0131',
  'x'.repeat(2049),
  'a b',
  '-1',
  '<script>',
  "' OR 1=1",
  '../..',
  '\r\nX-Evil: 1',
] as const
const TYPES = [
  FORM,
  `${FORM}; charset=UTF-8`,
  `${FORM}; charset=utf-16`,
  'application/json',
  'application/json; charset=latin1',
  'application/vnd.api+json',
  'application/csp-report',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  'text/html',
  'application/octet-stream',
  'application/x-www-form-urlencoded2',
  ';',
  '/',
  'a/b/c',
  FORM.toUpperCase(),
] as const
const METHODS = [
  'GET',
  'HEAD',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'PURGE',
  'M-SEARCH',
  'LINK',
] as const
const PIECES = [
  '%',
  '%00',
  '%zz',
  '%ff',
  '&',
  '=',
  '&&',
  '+',
  '\0',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ',',
  ':',
  'null',
  '\u00ff',
  '\r\n',
  '&client_id=cli',
  '&device_code=x',
  '"a":1,',
  '\\u0000',
  '\\ud800',
] as const
const PATH_ENDS = [
  '/',
  '//',
  '/..',
  '/../keys',
  '/%2e%2e',
  '%00',
  '%',
  '%zz',
  '%E0%A4%A',
  '%2f',
  '?',
  '?%',
  '?user_code=%',
  '?a=1&a=2',
  '?client_secret=x',
  '?client_id=x',
  '?device_code=%ff&grant_type',
  '?access_token=x',
  '#',
  ';a=b',
  '.json',
  '\u00e9',
  '/x/y',
  '?ui_locales=%ff',
  `?${'a'.repeat(5_000)}`,
] as const
const AUTHORIZATIONS = [
  'Basic',
  'Basic Y2xpOg==',
  'Basic Y2xpOnNlY3JldA==',
  'Basic !',
  'Basic ====',
  'basic Og==',
  'Bearer',
  'Bearer dg_x',
  'Bearer  ',
  'Digest x',
  '',
  'Basic Y2w\u00ff',
  `Bearer ${'a'.repeat(5_000)}`,
] as const
type HeaderChoice = readonly [name: string, values: readonly [string, ...string[]]]
const HEADERS: readonly [HeaderChoice, ...HeaderChoice[]] = [
  ['content-encoding', ['gzip', 'br', 'deflate', 'identity', 'x', 'gzip, gzip', '']],
  [
    'x-forwarded-user',
    [
      'alice',
      'bob',
      '',
      ' ',
      '\u00ff',
      '\u00c3\u00a9',
      'a'.repeat(5_000),
      'a, b',
      '__proto__',
      '<b>',
    ],
  ],
  [
    'x-forwarded-for',
    [
      '203.0.113.1',
      '::1',
      'x',
      ',,,',
      '1.2.3.4:5',
      '[::1]:5',
      '::ffff:1.2.3.4',
      '%',
      '9'.repeat(500),
    ],
  ],
  ['x-forwarded-host', ['evil.test']],
  ['forwarded', ['for=203.0.113.1', 'for="[::1]";;', '=', '\u00ff']],
  ['access-control-request-headers', ['x-any', 'a, b', '*', '"', 'x'.repeat(5_000), '\u00ff']],
  ['host', ['evil.test', '', '[', 'a b', '\u00ff', 'x'.repeat(500)]],
  ['origin', ['null', 'https://evil.test', '', 'x', '\u00ad', 'x'.repeat(5_000)]],
  ['sec-fetch-site', ['same-origin', 'cross-site', 'none', 'x']],
  ['cookie', ['a=b', 'device-grant=x.y', ';;;', '=', '%', '\u00ff']],
  ['accept', ['application/json', '*/*', 'x', '', 'application/xml', 'application/json;q=x', ',']],
  ['accept-language', ['de', 'x', '*', 'en;q=9', ',;=', '\u00ff']],
  ['accept-encoding', ['gzip', '*;q=0']],
  ['user-agent', ['<script>', '\u00ff', 'x'.repeat(5_000), '']],
  ['if-none-match', ['*', '"x"']],
  ['range', ['bytes=0-1', 'bytes=9-1']],
  ['x-http-method-override', ['DELETE']],
]

/** A valid request to one of the endpoints for programs. */
const draftOf = (random: Random, codes: readonly [Codes, ...Codes[]]): Draft => {
  const person = { 'x-forwarded-user': `person ${random.below(40)}` }
  const code = random.pick(codes)
  const form = (parameters: Record<string, string>): Buffer =>
    Buffer.from(new URLSearchParams(parameters).toString())
  const get = (path: string, headers: OutgoingHttpHeaders = {}): Draft => ({
    method: 'GET',
    path,
    headers,
    body: Buffer.alloc(0),
  })
  const post = (
    path: string,
    parameters: Record<string, string>,
    json: boolean,
    headers = {},
  ): Draft => ({
    method: 'POST',
    path,
    headers: { 'content-type': json ? 'application/json' : FORM, ...headers },
    body: json ? Buffer.from(JSON.stringify(parameters)) : form(parameters),
  })
  switch (random.below(10)) {
    case 0:
    case 1:
      return post(AUTHORIZE, { client_id: 'cli', scope: 'a b' }, random.once(3))
    case 2:
    case 3:
    case 4:
      return post(
        TOKEN,
        { grant_type: GRANT_TYPE, device_code: code.device_code, client_id: 'cli' },
        random.once(4),
      )
    case 5:
    case 6: {
      const decision = random.pick(['approve', 'deny'])
      const user_code = random.once(3) ? 'BCDF-GHJK' : code.user_code
      return random.once(4)
        ? post(REVIEW, { user_code }, random.once(2), person)
        : post(VERIFY_AUTHENTICATED, { user_code, decision }, random.once(2), person)
    }
    case 7:
      return random.once(2)
        ? get('/oauth/device/keys', { ...person, accept: 'application/json' })
        : { ...get(`/oauth/device/keys/${code.user_code}`, person), method: 'DELETE' }
    case 8:
      return get(
        random.pick([
          '/.well-known/oauth-authorization-server',
          '/.well-known/openid-configuration',
        ]),
      )
    default:
      return get(
        random.pick([
          '/api/whoami',
          '/healthz',
          '/readyz',
          '/status',
          '/',
          '/oauth/device/none',
          '/oauth/device/verify/?user_code=WDJB-MJHT',
        ]),
      )
  }
}

type Mutation = (draft: Draft, random: Random) => void

const splice = (body: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([body.subarray(0, at), insert, body.subarray(at + remove)])

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (draft, random) => {
    draft.method = random.pick(METHODS)
  },
  (draft, random) => {
    draft.path += random.pick(PATH_ENDS)
  },
  (draft, random) => {
    const at = random.below(draft.path.length)
    draft.path = `/${draft.path.slice(1, at)}${random.pick(PATH_ENDS)}${draft.path.slice(at + 1)}`
  },
  (draft, random) => {
    draft.headers['content-type'] = random.pick(TYPES)
  },
  (draft) => {
    delete draft.headers['content-type']
  },
  (draft, random) => {
    draft.headers['authorization'] = random.pick(AUTHORIZATIONS)
  },
  (draft, random) => {
    const [name, values] = random.pick(HEADERS)
    draft.headers[name] = random.pick(values)
  },
  (draft, random) => {
    const body = Buffer.from(draft.body)
    for (let i = random.below(4); i >= 0 && body.length > 0; i--) {
      body[random.below(body.length)] = random.below(256)
    }
    draft.body = body
  },
  (draft, random) => {
    draft.body = draft.body.subarray(0, random.below(draft.body.length + 1))
  },
  (draft, random) => {
    const at = random.below(draft.body.length + 1)
    draft.body = splice(draft.body, at, random.below(4), Buffer.from(random.pick(PIECES)))
  },
  (draft, random) => {
    const extra = new URLSearchParams([[random.pick(NAMES), random.pick(VALUES)]]).toString()
    draft.body = Buffer.concat([draft.body, Buffer.from(`&${extra}`)])
  },
  (draft, random) => {
    const value = random.pick<unknown>([...VALUES, 1, null, true, [], ['cli'], { a: 1 }])
    draft.body = Buffer.from(JSON.stringify({ [random.pick(NAMES)]: value }))
  },
  (draft) => {
    draft.body = Buffer.concat([draft.body, Buffer.from('&'), draft.body])
  },
  (draft, random) => {
    draft.body = random.once(2) ? gzipSync(draft.body) : deflateSync(draft.body)
    draft.headers['content-encoding'] = random.pick(['gzip', 'deflate', 'br'])
  },
  (draft, random) => {
    draft.body = gzipSync(Buffer.alloc(1_000_000, random.pick(['[', 'a=1&', '\0'])))
    draft.headers['content-encoding'] = 'gzip'
  },
  (draft, random) => {
    draft.body = Buffer.alloc(random.below(random.once(20) ? 100_000 : 20_000), random.pick(PIECES))
  },
  (draft, random) => {
    draft.body = Buffer.from(
      random.pick(['[', '{"a":', '"', 'a[b][c]=', 'a[]=1&']).repeat(random.below(3_000)),
    )
  },
]

/** The documented statuses. 503 is missing, because no store fails here. */
const STATUSES: ReadonlySet<number> = new Set([200, 204, 400, 401, 403, 404, 405, 429])
const JSON_TYPES = /^application\/(problem\+)?json(; charset=utf-8)?$/

/** The paths of pages, to which a mutated path may lead too. */
const PAGES = /^\/oauth\/device\/(verify(?!-)|sign-|assets\/|keys\/.*revoke)/

/** Whether a path leads to the front page, such as `/status/..`. */
const isFrontPage = (path: string): boolean =>
  URL.canParse(path, 'http://server') && new URL(path, 'http://server').pathname === '/'

const VERIFY = /\/oauth\/device\/verify(\?|$)/

/** What is wrong with an answer, or nothing. */
const faultOf = (answer: Answer, path: string): string | undefined => {
  // The redirects lead to where a code is entered.
  if (answer.status === 303 && VERIFY.test(String(answer.headers.location))) {
    return answer.text === '' ? undefined : 'a redirect with a body'
  }
  if (!STATUSES.has(answer.status)) return `status ${answer.status}`
  if (answer.status === 401 && answer.headers['www-authenticate'] === undefined) {
    // Front ends and people sign in otherwise.
    if (!/problem|html/.test(answer.headers['content-type'] ?? '')) return '401 without a challenge'
  }
  if (answer.status === 400 && /^Basic/.test(String(answer.headers['www-authenticate'] ?? ''))) {
    return '400 with a challenge'
  }
  if (answer.text === '') return undefined
  const type = answer.headers['content-type'] ?? ''
  const isPage = PAGES.test(path) || isFrontPage(path)
  if (type === 'text/html; charset=utf-8' && isPage) return undefined
  if (!JSON_TYPES.test(type)) return `content type ${type}`
  try {
    const members: unknown = JSON.parse(answer.text)
    if (members === null || typeof members !== 'object') return 'no JSON object'
  } catch {
    return 'no JSON'
  }
  return /:null\b/.test(answer.text) ? 'a null' : undefined
}

export interface FuzzReport {
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<number, number>>
  /** Requests with a wrong answer, with what is wrong. */
  readonly errors: readonly string[]
}

const PARALLEL = 20

/** Sends so many requests, randomly mutated from valid ones, and checks every answer. */
export const fuzz = async (
  { url, clock }: { readonly url: string; readonly clock: { pass(ms: number): void } },
  { seed, requests }: { readonly seed: number; readonly requests: number },
): Promise<FuzzReport> => {
  const random = new Random(seed)
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL })
  const statuses: Record<number, number> = {}
  const errors: string[] = []
  const exchange = async ({ method, path, headers, body }: Draft): Promise<void> => {
    const what = `${method} ${path} ${JSON.stringify(headers)} ${body.toString('latin1').slice(0, 300)}`
    try {
      const answer = await send(url, { method, path, headers, body }, agent)
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      const error = faultOf(answer, path)
      if (error !== undefined) errors.push(`${error}: ${what} -> ${answer.text.slice(0, 200)}`)
    } catch (error) {
      errors.push(`${String(error)}: ${what}`)
    }
  }
  try {
    let codes: readonly [Codes, ...Codes[]] | undefined
    for (let sent = 0; sent < requests; sent += PARALLEL) {
      if (codes === undefined || sent % (PARALLEL * 25) === 0) {
        codes = [await authorize(url), await authorize(url), await authorize(url)]
        await decide(url, codes[1]?.user_code ?? '', 'approve', `approver ${sent}`)
      }
      clock.pass(random.below(5_000))
      const drafts: Draft[] = []
      for (let i = 0; i < Math.min(PARALLEL, requests - sent); i++) {
        const draft = draftOf(random, codes)
        for (let n = random.below(4); n > 0; n--) random.pick(MUTATIONS)(draft, random)
        drafts.push(draft)
      }
      await Promise.all(drafts.map(exchange))
    }
  } finally {
    agent.destroy()
  }
  return { statuses, errors }
}
