import { Agent, type OutgoingHttpHeaders } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type StateStore, TOKENS } from '@device-grant/core'
import { basic } from '@device-grant/test-support/authorization-header'
import {
  authorize,
  type Codes,
  outcomeOf,
  poll,
  pollOutcome,
} from '@device-grant/test-support/device'
import {
  AUTHORIZE,
  GRANT_TYPE,
  REVOKE,
  TOKEN,
  VERIFY_AUTHENTICATED,
} from '@device-grant/test-support/endpoints'
import {
  type Answer,
  FORM,
  membersOf,
  post,
  type Sent,
  send,
} from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { sendBytes, sendUntilAnswered } from '@device-grant/test-support/raw-socket'
import test, { type ExecutionContext } from 'ava'
import { ConfigError, readConfig } from '#src/config.js'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** A request and its answer, which `checkDeviceAnswer` checks too. */
interface Row {
  /** The ids of its requirements in `docs/conformance.md`. */
  readonly id: string
  readonly what: string
  /** A function gets codes that were just issued to the client `cli`. */
  readonly sent: Sent | ((codes: Codes) => Sent)
  readonly status: number
  readonly error?: string
  /** A part of the description. */
  readonly says?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly check?: (t: ExecutionContext, answer: Answer) => void
}

const CODE = 'A'.repeat(43)
const KIB = 1024
const form = (body: Sent['body'], headers: OutgoingHttpHeaders = {}): Omit<Sent, 'path'> => ({
  headers: { 'content-type': FORM, ...headers },
  ...(body === undefined ? {} : { body }),
})
const json = (body: string): Omit<Sent, 'path'> => ({
  headers: { 'content-type': 'application/json' },
  body,
})
const toAuthorize = (sent: Omit<Sent, 'path'>): Sent => ({ path: AUTHORIZE, ...sent })
const toToken = (sent: Omit<Sent, 'path'>): Sent => ({ path: TOKEN, ...sent })
const pollWith =
  (more: string, headers: OutgoingHttpHeaders = {}) =>
  ({ device_code }: Codes): Sent =>
    toToken(form(`grant_type=${GRANT_TYPE}&device_code=${device_code}${more}`, headers))

const scopes = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `s${i}`)

/** Names that are a mistake in the query. */
const IN_QUERY = [
  'client_id',
  'scope',
  'device_code',
  'grant_type',
  'client_secret',
  'login_hint',
  'device_name',
  'resource',
] as const

const GZIP_BOMB = gzipSync(Buffer.alloc(20 * KIB * KIB, 'a=1&'))

/** The requests that both endpoints refuse in the same way. */
const refusedByBoth = (path: string): readonly Row[] => {
  const bad = (id: string, what: string, sent: Omit<Sent, 'path'>, says = ''): Row => ({
    id,
    what,
    sent: { path, ...sent },
    status: 400,
    error: 'invalid_request',
    says,
  })
  const method = (name: string): Row => ({
    id: path === AUTHORIZE ? 'REQ-9' : 'OA-1',
    what: `${name} ${path}`,
    sent: { path, method: name },
    status: 405,
    ...(name === 'HEAD' ? {} : { error: 'invalid_request' }),
    headers: { allow: 'POST, OPTIONS' },
  })
  const repeated = path === AUTHORIZE ? 'REQ-7' : 'TOK-5'
  const broken = path === AUTHORIZE ? 'REQ-10' : 'OA-10'
  return [
    bad(repeated, 'client_id twice, equal', form('client_id=cli&client_id=cli'), 'client_id'),
    bad(repeated, 'client_id twice, once encoded', form('client_id=a&client%5Fid=b'), 'client_id'),
    bad(repeated, 'client_id twice, once empty', form('client_id=&client_id=cli'), 'client_id'),
    bad(repeated, 'scope twice', form('scope=a&scope=b'), 'scope'),
    bad(
      repeated,
      'device_code twice',
      form(`device_code=${CODE}&device_code=${CODE}`),
      'device_code',
    ),
    bad(repeated, 'an unknown parameter twice', form('foo=1&foo=1'), 'foo'),
    bad(
      repeated,
      'an unknown parameter twice, among repeated resources',
      form('resource=a&foo=1&resource=b&foo=1'),
      'foo',
    ),
    ...IN_QUERY.map((name) => ({
      ...bad(
        'http-api',
        `${name} in the query`,
        form('foo=1'),
        `${name} is in the query: parameters belong in the body`,
      ),
      sent: { path: `${path}?foo=1&${name.replace('_', '%5F')}=x`, ...form('client_id=cli') },
    })),
    {
      ...bad('http-api', 'parameters in the query, and no body', {}, 'belong in the body'),
      sent: { path: `${path}?client_id=cli&device_code=${CODE}` },
    },
    bad(
      repeated,
      'a parameter twice, its name unfit for a description',
      form('%22%C3%A9%5C=1&%22%C3%A9%5C=1'),
    ),
    bad(
      broken,
      'a parameter of 2 KiB and a byte',
      form(`client_id=${'a'.repeat(2 * KIB + 1)}`),
      'client_id',
    ),
    bad(broken, 'an unknown parameter of 10 kB', form(`foo=${'a'.repeat(10_000)}`), 'foo'),
    bad(broken, 'a parameter of 2 KiB and a byte in UTF-8', form(`foo=${'é'.repeat(KIB)}a`), 'foo'),
    bad(broken, 'a body of 16 KiB and a byte', form('&'.repeat(16 * KIB + 1)), 'body'),
    bad(broken, 'a body of 200 kB', form('&'.repeat(200_000)), 'body'),
    bad(
      broken,
      'a body of 20 kB in chunks',
      form(['&'.repeat(10_000), '&'.repeat(10_000)]),
      'body',
    ),
    bad(broken, 'a lone percent sign', form('client_id=%'), 'client_id'),
    bad(broken, 'half a percent escape', form('client_id=cli%4'), 'client_id'),
    bad(broken, 'a percent escape of no number', form('client_id=%zz'), 'client_id'),
    bad(broken, 'a malformed escape in a name', form('%zz=1'), 'name'),
    bad(broken, 'a percent escape that is not UTF-8', form('client_id=%ff'), 'client_id'),
    bad(broken, 'an overlong UTF-8 escape', form('client_id=%c0%80'), 'client_id'),
    bad(broken, 'a surrogate in UTF-8 escapes', form('client_id=%ed%a0%80'), 'client_id'),
    bad(
      broken,
      'raw bytes that are not UTF-8',
      form(Buffer.from('client_id=\xff\xfe', 'latin1')),
      'UTF-8',
    ),
    bad(broken, 'a NUL in client_id', form('client_id=cli%00'), 'client_id'),
    bad(broken, 'a raw NUL in client_id', form('client_id=cl\0i'), 'client_id'),
    bad(broken, 'a line end in client_id', form('client_id=cli%0d%0aX: y'), 'client_id'),
    bad(broken, 'a letter beyond ASCII in client_id', form('client_id=%C3%A9'), 'client_id'),
    bad(
      broken,
      'multipart',
      {
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: '--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\ncli\r\n--x--\r\n',
      },
      'Content-Type',
    ),
    bad(
      broken,
      'plain text',
      { headers: { 'content-type': 'text/plain' }, body: 'client_id=cli' },
      'Content-Type',
    ),
    bad(
      broken,
      'XML',
      { headers: { 'content-type': 'application/xml' }, body: '<client_id/>' },
      'Content-Type',
    ),
    bad(broken, 'a body without a type', { body: 'client_id=cli' }, 'Content-Type'),
    bad(
      broken,
      'a type that only begins like a form',
      { headers: { 'content-type': `${FORM}2` }, body: 'a=b' },
      'Content-Type',
    ),
    bad(
      broken,
      'a gzipped body',
      form(gzipSync('client_id=cli'), { 'content-encoding': 'gzip' }),
      'Content-Encoding',
    ),
    bad(
      broken,
      'a gzip bomb',
      form(GZIP_BOMB.subarray(0, 16 * KIB), { 'content-encoding': 'gzip' }),
      'Content-Encoding',
    ),
    bad(broken, 'a whole gzip bomb', form(GZIP_BOMB, { 'content-encoding': 'gzip' })),
    bad(
      broken,
      'a brotli body',
      form('client_id=cli', { 'content-encoding': 'br' }),
      'Content-Encoding',
    ),
    ...[
      ['a parameter twice', '{"client_id":"cli","client_id":"cli"}', 'client_id'],
      [
        'a parameter twice, once escaped',
        '{"client_id":"cli","client\\u005fid":"cli"}',
        'more than once',
      ],
      [
        'a parameter twice, first as an object',
        '{"scope":{"a":"b"},"scope":"c"}',
        'more than once',
      ],
      [
        'a parameter twice, first as an object of strings',
        '{"scope":{"scope":"a","client_id":"b"},"scope":"c","client_id":"d"}',
        'more than once',
      ],
      ['a parameter twice, hidden by quotes', '{"a":1,":":"x","a":"b"}', 'more than once'],
      [
        'audience twice, and another parameter',
        '{"audience":"a","audience":"b","foo":"1","foo":"1"}',
        'foo',
      ],
      ['a parameter twice, first as a number', '{"scope":1,"scope":"c"}', 'more than once'],
      ['a number', '{"client_id":1}', 'client_id'],
      ['a null', '{"client_id":null}', 'client_id'],
      ['a list', '{"scope":["a"]}', 'scope'],
      ['a nested object', '{"scope":{"a":"b"}}', 'scope'],
      ['no object but a list', '[]', 'object'],
      ['no object but null', 'null', 'object'],
      ['no object but a string', '"client_id=cli"', 'object'],
      ['half of JSON', '{"client_id":"cli"', 'JSON'],
      ['a comma too many', '{"client_id":"cli",}', 'JSON'],
      ['a form', 'client_id=cli', 'JSON'],
      ['a NUL', '{"client_id":"cl\\u0000i"}', 'client_id'],
      ['a lone surrogate', '{"client_id":"\\ud800"}', 'client_id'],
      ['2 KiB and a byte', `{"client_id":"${'a'.repeat(2 * KIB + 1)}"}`, 'client_id'],
      ['10 000 brackets', '['.repeat(10_000), 'JSON'],
    ].map(([what, body, says]) => bad(broken, `JSON with ${what}`, json(body ?? ''), says)),
    ...[
      'GET',
      'HEAD',
      'PUT',
      'PATCH',
      'DELETE',
      'TRACE',
      'PROPFIND',
      'REPORT',
      'MKCOL',
      'SEARCH',
    ].map(method),
    {
      id: 'http-api',
      what: `a preflight of ${path}`,
      sent: {
        path,
        method: 'OPTIONS',
        headers: {
          origin: 'https://elsewhere.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type, traceparent',
        },
      },
      status: 204,
      headers: { 'access-control-allow-methods': 'POST' },
      check: (t, { headers }) => {
        t.is(headers['access-control-allow-headers'], 'content-type, traceparent')
        t.is(headers['access-control-allow-credentials'], undefined)
      },
    },
    // RFC 6749 section 2.3.1, where no client has a secret.
    ...(
      [
        ['a secret in Basic', 'cli:secret'],
        ['a secret beyond ASCII in Basic', 'cli:s\u00e9'],
        ['an empty id in Basic', ':'],
        ['no colon in Basic', 'cli'],
        ['a NUL in Basic', 'c\0li:'],
        ['an id beyond ASCII in Basic', 'cl\u00ef:'],
      ] as const
    ).map(
      ([what, text]): Row => ({
        id: 'OA-11',
        what,
        sent: { path, ...form(`device_code=${CODE}`, basic(text)) },
        status: 401,
        error: 'invalid_client',
      }),
    ),
    ...['Basic', 'Basic !!!', 'Basic Y2xpOg==x', 'basic  ', 'Basic Y2xpOg== Y2xpOg=='].map(
      (authorization): Row => ({
        id: 'OA-11',
        what: `the header ${authorization}`,
        sent: { path, ...form(`device_code=${CODE}`, { authorization }) },
        status: 401,
        error: 'invalid_client',
      }),
    ),
    {
      id: 'OA-11',
      what: 'a secret in the body',
      sent: { path, ...form('client_id=cli&client_secret=s') },
      status: 400,
      error: 'invalid_client',
    },
    bad(
      'TOK-7',
      'Basic and another client_id',
      form('client_id=other', basic('cli:')),
      'client_id',
    ),
    bad(
      'TOK-7',
      'Basic and a secret in the body',
      form('client_id=cli&client_secret=s', basic('cli:')),
      'authentication',
    ),
  ]
}

const authorized =
  (more: (t: ExecutionContext, members: Record<string, unknown>) => void = () => {}) =>
  (t: ExecutionContext, answer: Answer): void => {
    const members = membersOf(answer)
    t.regex(String(members['device_code']), /^[A-Za-z0-9_-]{43}$/)
    t.regex(String(members['user_code']), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    t.is(members['expires_in'], 600)
    t.is(members['interval'], 5)
    more(t, members)
  }

const issues = (id: string, what: string, sent: Omit<Sent, 'path'>): Row => ({
  id,
  what,
  sent: toAuthorize(sent),
  status: 200,
  check: authorized(),
})

const REQUESTS: readonly Row[] = [
  issues('REQ-1', 'a form', form('client_id=cli&scope=a+b')),
  issues(
    'REQ-1',
    'a form with UTF-8 in an unknown parameter',
    form('client_id=cli&device_name=K%C3%BCche'),
  ),
  issues('REQ-1', 'a form in chunks', form(['client_', 'id=c', 'li'])),
  issues('REQ-2', 'no client_id', form('scope=a')),
  issues('REQ-2', 'an empty body without a type', {}),
  issues('REQ-2', 'an empty body of any type', { headers: { 'content-type': 'text/plain' } }),
  issues('REQ-2', 'an empty form', form('')),
  issues('REQ-5', 'an empty scope', form('client_id=cli&scope=')),
  issues('REQ-5', 'an empty client_id', form('client_id=&scope')),
  issues(
    'REQ-6',
    'unknown parameters',
    form('client_id=cli&foo=1&grant_type=x&code_challenge=y&__proto__=z'),
  ),
  issues('REQ-10', 'a parameter of 2 KiB', form(`client_id=cli&foo=${'a'.repeat(2 * KIB)}`)),
  issues('REQ-10', 'a body of 16 KiB', form('&'.repeat(16 * KIB))),
  issues('REQ-10', 'a client_id of 256 bytes', form(`client_id=${'a'.repeat(256)}`)),
  issues('REQ-4', 'a scope of 512 bytes', form(`client_id=cli&scope=${'a'.repeat(512)}`)),
  issues('REQ-4', '32 scopes', form(`client_id=cli&scope=${scopes(32).join('++')}`)),
  ...[
    ['of 513 bytes', form(`scope=${'a'.repeat(513)}`)],
    ['of 33 names', form(`scope=${scopes(33).join('+')}`)],
    ['of 33 names, in JSON', json(JSON.stringify({ scope: scopes(33).join(' ') }))],
  ].map(
    ([what, sent]): Row => ({
      id: 'REQ-4',
      what: `a scope ${String(what)}`,
      sent: toAuthorize(sent as Omit<Sent, 'path'>),
      status: 400,
      error: 'invalid_scope',
      says: 'scope must be at most 32 names and 512 bytes',
    }),
  ),
  ...[form(`client_id=${'a'.repeat(257)}`), form('', basic(`${'a'.repeat(257)}:`))].map(
    (sent, i): Row => ({
      id: 'REQ-10',
      what: `a client_id of 257 bytes, ${i === 0 ? 'in the body' : 'by Basic'}`,
      sent: toAuthorize(sent),
      status: 400,
      error: 'invalid_request',
      says: 'client_id is longer than 256 bytes',
    }),
  ),
  issues('OA-15', 'Basic with an empty secret', form('scope=a', basic('cli:'))),
  issues('OA-15', 'Basic in any case', form('', { authorization: 'bAsIc Y2xpOg==' })),
  issues('OA-15', 'Basic with the same client_id', form('client_id=cli', basic('cli:'))),
  issues('OA-15', 'Basic with an encoded id', form('client_id=my cli', basic('my%20cli:'))),
  issues('OA-15', 'Basic with a raw id', form('client_id=my cli', basic('my cli:'))),
  issues('OA-15', 'an empty secret in the body', form('client_id=cli&client_secret=')),
  issues('OA-15', 'a Bearer header', form('client_id=cli', { authorization: 'Bearer x' })),
  issues('INT-8', 'a charset', {
    headers: { 'content-type': `${FORM};charset=UTF-8` },
    body: 'client_id=cli',
  }),
  issues('INT-8', 'a type in capitals', {
    headers: { 'content-type': FORM.toUpperCase() },
    body: 'client_id=cli',
  }),
  issues('INT-8', 'a space at the end of scope, raw', form('client_id=cli&scope=a b ')),
  issues('INT-8', 'raw colons', form('client_id=urn:cli:1')),
  issues(
    'INT-8',
    'Content-Encoding: identity',
    form('client_id=cli', { 'content-encoding': 'identity' }),
  ),
  issues('http-api', 'an empty JSON object', json('{}')),
  issues('http-api', 'a JSON object of strings', json('{"client_id":"cli","scope":"a \\u0062"}')),
  issues(
    'REQ-7',
    'resource and audience twice',
    form('resource=a&audience=b&resource=c&audience=b'),
  ),
  issues(
    'REQ-7',
    'resource twice, in JSON',
    json('{"resource":"a", "resource" :"b","client_id":"cli"}'),
  ),
  issues('http-api', 'JSON with spaces', json(' {\n"client_id" : "cli" , "foo":"\\"{}," }\n')),
  issues('http-api', 'JSON with a charset', {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: '{"client_id":"cli"}',
  }),
  ...['a%22b', 'a%5Cb', 'a%00b', 'a%0Ab', '%C3%A9', 'a%09b', '%7F'].map(
    (scope): Row => ({
      id: 'REQ-4',
      what: `scope=${scope}`,
      sent: toAuthorize(form(`client_id=cli&scope=${scope}`)),
      status: 400,
      error: 'invalid_scope',
      says: 'scope',
    }),
  ),
  ...refusedByBoth(AUTHORIZE),
]

const pends = (id: string, what: string, sent: Row['sent']): Row => ({
  id,
  what,
  sent,
  status: 400,
  error: 'authorization_pending',
})
const refuses = (id: string, what: string, sent: Row['sent'], error: string, says = ''): Row => ({
  id,
  what,
  sent,
  status: 400,
  error,
  says,
})

const TOKEN_REQUESTS: readonly Row[] = [
  pends('TOK-1', 'the grant type raw', pollWith('&client_id=cli')),
  pends('TOK-1', 'the grant type encoded', ({ device_code }) =>
    toToken(
      form(`grant_type=${encodeURIComponent(GRANT_TYPE)}&device_code=${device_code}&client_id=cli`),
    ),
  ),
  pends('TOK-1', 'no grant type', ({ device_code }) =>
    toToken(form(`device_code=${device_code}&client_id=cli`)),
  ),
  pends('TOK-5', 'an empty grant type', ({ device_code }) =>
    toToken(form(`grant_type=&device_code=${device_code}&client_id=cli`)),
  ),
  ...[
    'device_code',
    'refresh_token',
    'authorization_code',
    'client_credentials',
    'password',
    GRANT_TYPE.toUpperCase(),
    `${GRANT_TYPE} `,
  ].map(
    (grantType): Row =>
      refuses(
        'TOK-1, OA-13, RFC9-4',
        `grant_type=${grantType}`,
        ({ device_code }) =>
          toToken(
            form(
              `grant_type=${encodeURIComponent(grantType)}&device_code=${device_code}&client_id=cli`,
            ),
          ),
        'unsupported_grant_type',
        'grant_type',
      ),
  ),
  refuses(
    'TOK-1',
    'a wrong grant type and no code',
    toToken(form('grant_type=x')),
    'unsupported_grant_type',
  ),
  refuses(
    'TOK-2',
    'no device_code',
    toToken(form('client_id=cli')),
    'invalid_request',
    'device_code',
  ),
  refuses(
    'TOK-2',
    'an empty device_code',
    toToken(form('client_id=cli&device_code=')),
    'invalid_request',
    'device_code',
  ),
  refuses('TOK-2', 'an empty form', toToken(form('')), 'invalid_request', 'device_code'),
  refuses('TOK-2', 'no body and no type', toToken({}), 'invalid_request', 'Content-Type'),
  refuses(
    'TOK-2',
    'device_code in the query only',
    ({ device_code }) => ({
      path: `${TOKEN}?device_code=${device_code}`,
      ...form('client_id=cli'),
    }),
    'invalid_request',
    'device_code',
  ),
  refuses('TOK-3', 'another client', pollWith('&client_id=other'), 'invalid_grant'),
  refuses('TOK-3', 'no client, for the code of a client', pollWith(''), 'invalid_grant'),
  refuses('TOK-3', 'another client by Basic', pollWith('', basic('other:')), 'invalid_grant'),
  refuses('TOK-3', 'the client in other case', pollWith('&client_id=CLI'), 'invalid_grant'),
  pends(
    'TOK-5',
    'parameters that clients send too',
    pollWith('&client_id=cli&scope=a&audience=b&code_verifier=c&client_secret='),
  ),
  refuses(
    'TOK-6',
    'a secret in the query',
    ({ device_code }) => ({
      path: `${TOKEN}?client_id=cli&client_secret=s`,
      ...form(`device_code=${device_code}`),
    }),
    'invalid_request',
    'client_id is in the query: parameters belong in the body',
  ),
  pends('http-api', 'other parameters in the query', ({ device_code }) => ({
    path: `${TOKEN}?foo=1&%zz&Client_Id=x&_=client_id`,
    ...form(`device_code=${device_code}&client_id=cli`),
  })),
  pends('TOK-7', 'Basic and the same client_id', pollWith('&client_id=cli', basic('cli:'))),
  pends('OA-15', 'Basic with an empty secret', pollWith('', basic('cli:'))),
  pends('OA-15', 'Basic in capitals', pollWith('', { authorization: 'BASIC Y2xpOg==' })),
  pends('INT-8', 'a charset', ({ device_code }) =>
    toToken({
      headers: { 'content-type': `${FORM}; charset=utf-8` },
      body: `device_code=${device_code}&client_id=cli`,
    }),
  ),
  pends('INT-8', 'chunks', ({ device_code }) =>
    toToken(form(['device_', `code=${device_code}`, '&client_id=cli'])),
  ),
  refuses(
    'POL-12, INT-3',
    'an unknown device_code',
    toToken(form(`device_code=${CODE}`)),
    'invalid_grant',
  ),
  refuses(
    'POL-12',
    'a device_code of 2 KiB',
    toToken(form(`device_code=${'a'.repeat(2 * KIB)}`)),
    'invalid_grant',
  ),
  refuses(
    'POL-12',
    'a device_code of 10 kB',
    toToken(form(`device_code=${'a'.repeat(10_000)}`)),
    'invalid_request',
    'device_code',
  ),
  refuses('POL-12', 'a device_code of NULs', toToken(form('device_code=%00%00')), 'invalid_grant'),
  refuses(
    'POL-12',
    'a device_code with a NUL at its end',
    pollWith('%00&client_id=cli'),
    'invalid_grant',
  ),
  refuses(
    'POL-12',
    'a device_code beyond ASCII',
    toToken(form('device_code=%F0%9F%94%91')),
    'invalid_grant',
  ),
  refuses(
    'POL-12',
    'the user_code for the device_code',
    ({ user_code }) => toToken(form(`client_id=cli&device_code=${user_code}`)),
    'invalid_grant',
  ),
  pends('http-api', 'a JSON object of strings', ({ device_code }) =>
    toToken(json(JSON.stringify({ grant_type: GRANT_TYPE, device_code, client_id: 'cli' }))),
  ),
  pends('http-api', 'JSON with a charset and without a grant type', ({ device_code }) =>
    toToken({
      headers: { 'content-type': 'Application/JSON; charset=utf-8' },
      body: JSON.stringify({ device_code, client_id: 'cli' }),
    }),
  ),
  pends('TOK-5', 'resource twice', pollWith('&client_id=cli&resource=a&resource=b')),
  refuses(
    'http-api',
    'an empty JSON object',
    toToken(json('{}')),
    'invalid_request',
    'device_code',
  ),
  refuses(
    'http-api',
    'an empty body as JSON',
    toToken({ headers: { 'content-type': 'application/json' } }),
    'invalid_request',
    'JSON',
  ),
  ...refusedByBoth(TOKEN),
]

/** Checks what holds for every answer to a device. */
const checkDeviceAnswer = (t: ExecutionContext, { status, headers, text }: Answer): void => {
  // RSP-4, OA-6
  t.is(headers['cache-control'], 'no-store')
  t.is(headers['pragma'], 'no-cache')
  t.is(headers['access-control-allow-origin'], '*')
  t.is(headers['set-cookie'], undefined)
  // OA-11, OA-12
  if (status === 401) t.regex(String(headers['www-authenticate']), /^Basic realm="[\w-]+"$/)
  else t.is(headers['www-authenticate'], undefined)
  if (text === '') return
  // INT-4, OA-7
  t.regex(String(headers['content-type']), /^application\/json(; charset=utf-8)?$/)
  // INT-5, RSP-8
  t.notRegex(text, /\bnull\b/)
  const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map(([, name]) => name)
  t.is(new Set(names).size, names.length, text)
  const members = JSON.parse(text) as Record<string, unknown>
  for (const member of Object.values(members)) {
    t.true(typeof member === 'string' || Number.isInteger(member), text)
  }
  if (status === 200) return
  // OA-8, OA-9, OA-16
  t.true(typeof members['error'] === 'string' && typeof members['error_description'] === 'string')
  t.regex(String(members['error_description']), /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
}

const isPoll = (row: Row): boolean => typeof row.sent === 'function'

for (const row of [...REQUESTS, ...TOKEN_REQUESTS]) {
  const isToken = typeof row.sent === 'function' || row.sent.path.startsWith(TOKEN)
  const method = isToken ? 'token' : 'authorize'
  test(`${row.id} ${method}: ${row.what}`, async (t) => {
    const { url } = server
    const codes = isPoll(row) ? await authorize(url) : undefined
    const sent =
      typeof row.sent === 'function' ? row.sent(codes ?? (await authorize(url))) : row.sent
    const answer = await send(url, sent)
    t.is(answer.status, row.status, answer.text)
    checkDeviceAnswer(t, answer)
    if (row.error !== undefined) {
      const { error, error_description } = membersOf(answer)
      t.is(error, row.error)
      t.true(String(error_description).includes(row.says ?? ''), String(error_description))
    }
    for (const [name, value] of Object.entries(row.headers ?? {})) t.is(answer.headers[name], value)
    row.check?.(t, answer)
    if (!codes || row.error === 'authorization_pending') return
    // A refused request neither consumes the code nor counts as its first poll.
    t.is(await pollOutcome(url, codes.device_code), 'authorization_pending')
  })
}

let server: TestServer
test.before(async () => {
  server = await startTestServer({ LOG_LEVEL: 'silent' })
})
test.after.always(() => server.stop())

test('REQ-8: plain http beyond loopback is refused at the start unless it is allowed', (t) => {
  const env = { PUBLIC_URL: 'http://login.example.com', SIGN_IN: 'demo' }
  t.throws(() => readConfig(env), { instanceOf: ConfigError })
  t.is(readConfig({ ...env, ALLOW_HTTP: 'true' }).publicUrl, 'http://login.example.com')
})

test('REQ-11: new codes are limited per address, and polls are not', async (t) => {
  const limited = await startTestServer({ AUTHORIZE_LIMIT: '3' })
  t.teardown(limited.stop)
  const codes = await authorize(limited.url)
  await authorize(limited.url)
  await authorize(limited.url)
  const refused = await post(limited.url, AUTHORIZE, { client_id: 'cli' })
  t.is(refused.status, 429)
  t.is(outcomeOf(refused), 'temporarily_unavailable')
  t.is(refused.headers['retry-after'], '60')
  checkDeviceAnswer(t, refused)
  for (let i = 0; i < 10; i++) {
    limited.clock.pass(5_000)
    t.is(await pollOutcome(limited.url, codes.device_code), 'authorization_pending')
  }
  limited.clock.pass(10_000)
  await authorize(limited.url)
})

test('REQ-11, RFC9-6: the address is taken from a trusted proxy only', async (t) => {
  const limited = await startTestServer({ AUTHORIZE_LIMIT: '1' })
  t.teardown(limited.stop)
  const from = async (address: string): Promise<number> =>
    (await post(limited.url, AUTHORIZE, {}, { 'x-forwarded-for': address })).status
  t.is(await from('203.0.113.1'), 200)
  t.is(await from('203.0.113.1'), 429)
  t.is(await from('198.51.100.7, 203.0.113.1'), 429)
  t.is(await from('203.0.113.2'), 200)
  t.is(await from('2001:db8:0:1::1'), 200)
  t.is(await from('2001:db8:0:1::2'), 429)

  const untrusting = await startTestServer({
    AUTHORIZE_LIMIT: '1',
    SIGN_IN: 'demo',
    TRUSTED_PROXIES: '',
  })
  t.teardown(untrusting.stop)
  t.is(
    (await post(untrusting.url, AUTHORIZE, {}, { 'x-forwarded-for': '203.0.113.1' })).status,
    200,
  )
  t.is(
    (await post(untrusting.url, AUTHORIZE, {}, { 'x-forwarded-for': '203.0.113.2' })).status,
    429,
  )
})

test('RSP-1, RSP-2, RSP-3, RSP-6: every member has its type', async (t) => {
  const members = membersOf(await post(server.url, AUTHORIZE, { client_id: 'cli' }))
  const { device_code, user_code, verification_uri, verification_uri_complete, ...rest } = members
  t.is(typeof device_code, 'string')
  t.is(verification_uri, `${server.url}/oauth/device/verify`)
  t.is(verification_uri_complete, `${String(verification_uri)}?user_code=${String(user_code)}`)
  t.deepEqual(rest, { expires_in: 600, interval: 5 })
})

test('RSP-5: URLs come from the settings, not from the headers', async (t) => {
  const plain = await send(server.url, { method: 'GET', path: METADATA[0] })
  for (const headers of [
    { host: 'evil.test' },
    { 'x-forwarded-host': 'evil.test' },
    { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
    { forwarded: 'host=evil.test;proto=https' },
    {
      'x-original-host': 'evil.test',
      'x-forwarded-prefix': '/evil',
      'x-forwarded-server': 'evil.test',
    },
  ]) {
    const answer = await post(server.url, AUTHORIZE, {}, headers)
    t.is(membersOf(answer)['verification_uri'], `${server.url}/oauth/device/verify`)
    t.false(answer.text.includes('evil'))
    const metadata = await send(server.url, { method: 'GET', path: METADATA[0], headers })
    t.is(metadata.text, plain.text)
  }
  const absolute = await sendBytes(
    server.url,
    `POST http://evil.test${AUTHORIZE} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
  t.true(absolute.startsWith('HTTP/1.1 200 '), absolute)
  t.false(absolute.includes('evil'))
})

test('RSP-7: codes are never issued twice, and both expire together', async (t) => {
  const own = await startTestServer({ LOG_LEVEL: 'silent' })
  t.teardown(own.stop)
  const all = await Promise.all(Array.from({ length: 300 }, () => authorize(own.url)))
  t.is(new Set(all.map(({ device_code }) => device_code)).size, 300)
  t.is(new Set(all.map(({ user_code }) => user_code)).size, 300)
  const [one] = all as [Codes]
  own.clock.pass(one.expires_in * 1000)
  t.is(await pollOutcome(own.url, one.device_code), 'expired_token')
  await t.throwsAsync(decide(own.url, one.user_code, 'approve'), { message: /approve: 400/ })
})

test('POL-10, POL-11, OA-2 to OA-7, OA-19: one of many polls gets the key, with all its members', async (t) => {
  const own = await startTestServer({ LOG_LEVEL: 'silent' })
  t.teardown(own.stop)
  const { url } = own
  const codes = await authorize(url, { client_id: 'cli', scope: ' b  a ' })
  await decide(url, codes.user_code, 'approve')
  const answers = await Promise.all(Array.from({ length: 20 }, () => poll(url, codes.device_code)))
  for (const answer of answers) checkDeviceAnswer(t, answer)
  const told = answers.filter(({ status }) => status === 200)
  t.is(told.length, 1)
  for (const answer of answers) {
    if (answer !== told[0]) t.like(membersOf(answer), { error: 'slow_down', interval: 5 })
  }
  const { access_token, ...rest } = membersOf(told[0] as Answer)
  t.regex(String(access_token), /^dg_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/)
  t.deepEqual(rest, { token_type: 'Bearer', expires_in: 86_400, scope: 'b a' })
})

test('OA-4: scope is absent if none was requested', async (t) => {
  const codes = await authorize(server.url)
  await decide(server.url, codes.user_code, 'approve')
  const members = membersOf(await poll(server.url, codes.device_code))
  t.deepEqual(Object.keys(members), ['access_token', 'token_type', 'expires_in'])
})

test('POL-16: the interval of a slow_down is a number', async (t) => {
  const codes = await authorize(server.url)
  for (const interval of [undefined, undefined, 10, 15, 20]) {
    const answer = await poll(server.url, codes.device_code)
    checkDeviceAnswer(t, answer)
    t.is(membersOf(answer)['interval'], interval)
  }
})

test('a key that was revoked before pick-up is access_denied', async (t) => {
  const codes = await authorize(server.url)
  await decide(server.url, codes.user_code, 'approve', 'rita')
  const headers = { 'x-forwarded-user': 'rita', accept: 'application/json' }
  const path = '/oauth/device/keys'
  const list = membersOf(await send(server.url, { method: 'GET', path, headers }))
  const [{ id }] = list['keys'] as [{ id: string }]
  const revoked = await send(server.url, { method: 'DELETE', path: `${path}/${id}`, headers })
  t.is(revoked.status, 204)
  const answer = await poll(server.url, codes.device_code)
  checkDeviceAnswer(t, answer)
  t.is(outcomeOf(answer), 'access_denied')
})

const METADATA = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
] as const

test('MET-1 to MET-11: the metadata are correct, at both paths', async (t) => {
  const [first, second] = (await Promise.all(
    METADATA.map((path) => send(server.url, { method: 'GET', path })),
  )) as [Answer, Answer]
  t.is(first.text, second.text)
  for (const { status, headers, text } of [first, second]) {
    t.is(status, 200)
    t.regex(String(headers['content-type']), /^application\/json\b/)
    t.is(headers['access-control-allow-origin'], '*')
    t.notRegex(text, /\bnull\b|\[\]/)
  }
  const { ui_locales_supported: _, ...members } = membersOf(first)
  t.deepEqual(members, {
    issuer: server.url,
    device_authorization_endpoint: server.url + AUTHORIZE,
    token_endpoint: server.url + TOKEN,
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint: server.url + REVOKE,
    revocation_endpoint_auth_methods_supported: ['none'],
    grant_types_supported: [GRANT_TYPE],
    response_types_supported: ['none'],
    scopes_supported: ['api'],
  })
  for (const path of METADATA) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PROPFIND']) {
      const answer = await send(server.url, { method, path })
      t.is(answer.status, 405)
      t.is(answer.headers.allow, 'GET, HEAD, OPTIONS')
      t.is(typeof membersOf(answer)['error'], 'string')
    }
    t.is((await send(server.url, { method: 'HEAD', path })).status, 200)
  }
})

test('MET-2, MET-3: an issuer with a path has its metadata after the well-known names too', async (t) => {
  const own = await startTestServer({
    PUBLIC_URL: 'https://login.example.com/t1/',
    LOG_LEVEL: 'silent',
  })
  t.teardown(own.stop)
  for (const path of METADATA.flatMap((name) => [name, `${name}/t1`])) {
    const members = membersOf(await send(own.url, { method: 'GET', path }))
    t.is(members['issuer'], 'https://login.example.com/t1')
    t.is(members['token_endpoint'], `https://login.example.com/t1${TOKEN}`)
  }
})

test('INT-1, POL-13: a poll is slow_down and changes nothing while grants cannot be read', async (t) => {
  const own = await startTestServer()
  t.teardown(own.stop)
  const codes = await authorize(own.url)
  t.is(await pollOutcome(own.url, codes.device_code), 'authorization_pending')
  const bringUp = breakStore(own, TOKENS.DeviceGrants)
  for (let i = 0; i < 5; i++) {
    const answer = await poll(own.url, codes.device_code)
    t.is(answer.status, 400)
    checkDeviceAnswer(t, answer)
    t.deepEqual(Object.keys(membersOf(answer)), ['error', 'error_description'])
    t.is(outcomeOf(answer), 'slow_down')
  }
  t.true(own.log.some((line) => line.includes('StoreUnavailableError')))
  const refused = await post(own.url, AUTHORIZE, { client_id: 'cli' })
  t.is(refused.status, 503)
  t.is(outcomeOf(refused), 'temporarily_unavailable')
  t.regex(String(refused.headers['retry-after']), /^[1-9]\d*$/)
  checkDeviceAnswer(t, refused)
  bringUp()
  own.clock.pass(5_000)
  t.is(await pollOutcome(own.url, codes.device_code), 'authorization_pending')
})

test('INT-1, POL-8: an approval is 503 and a poll is slow_down while keys cannot be written', async (t) => {
  const own = await startTestServer()
  t.teardown(own.stop)
  const codes = await authorize(own.url)
  let bringUp = breakStore(own, TOKENS.ApiKeys)
  await t.throwsAsync(decide(own.url, codes.user_code, 'approve'), {
    message: /approve: 503 .*Failed to create API key/,
  })
  t.is(await pollOutcome(own.url, codes.device_code), 'authorization_pending')
  bringUp()
  await decide(own.url, codes.user_code, 'approve')
  bringUp = breakStore(own, TOKENS.ApiKeys)
  for (let i = 0; i < 3; i++) {
    const answer = await poll(own.url, codes.device_code)
    t.is(answer.status, 400)
    t.deepEqual(Object.keys(membersOf(answer)), ['error', 'error_description'])
    t.is(outcomeOf(answer), 'slow_down')
  }
  bringUp()
  t.is(await pollOutcome(own.url, codes.device_code), 'token')
})

test('INT-1: an unexpected error is slow_down for a poll, and JSON for other requests', async (t) => {
  const own = await startTestServer()
  t.teardown(own.stop)
  const codes = await authorize(own.url)
  const grants = own.server.container.get<StateStore<never>>(TOKENS.DeviceGrants)
  const update = grants.update
  grants.update = async () => {
    throw new TypeError('An error in the store')
  }
  t.is(await pollOutcome(own.url, codes.device_code), 'slow_down')
  const failed = await post(own.url, AUTHORIZE, { client_id: 'cli' })
  t.is(failed.status, 500)
  checkDeviceAnswer(t, failed)
  t.false(failed.text.includes('error in the store'))
  grants.update = update
  t.is(await pollOutcome(own.url, codes.device_code), 'authorization_pending')
})

test('INT-2: a connection is kept for 75 s and serves many polls', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let i = 0; i < 20; i++) {
    const { headers } = await poll(server.url, CODE, {}, agent)
    t.is(headers.connection, 'keep-alive')
    t.is(headers['keep-alive'], 'timeout=75')
  }
  t.is(Object.values(agent.freeSockets).flat().length, 1)
})

test('INT-4: an unknown path is 404 JSON', async (t) => {
  for (const method of ['GET', 'POST', 'PUT', 'PROPFIND']) {
    for (const path of [
      '/other',
      '/oauth',
      '/oauth/device',
      '/oauth/token',
      '/%',
      '/%00',
      '//evil.test/',
      '/oauth/device/authorize%2f',
      '/.well-known/none',
    ]) {
      const answer = await send(server.url, { method, path })
      t.is(answer.status, 404, path)
      t.is(outcomeOf(answer), 'not_found')
    }
  }
})

test('OA-18: no text of a device is repeated in the answer', async (t) => {
  for (const agent of [
    '<script>alert(1)</script>',
    `"'><img src=x>`,
    'x'.repeat(8_000),
    '\u00e9\u00ff',
  ]) {
    const answer = await post(
      server.url,
      AUTHORIZE,
      { client_id: '<b>x', scope: '<script>' },
      { 'user-agent': agent },
    )
    t.is(answer.status, 200)
    t.false(answer.text.includes('<'))
    checkDeviceAnswer(t, answer)
  }
})

test('a body of many megabytes is refused while it is still being sent', async (t) => {
  const length = 64 * KIB * KIB
  for (const path of [AUTHORIZE, TOKEN, VERIFY_AUTHENTICATED]) {
    const { status, sentBytes } = await sendUntilAnswered(server.url, path, length)
    t.is(status, 400)
    t.true(sentBytes < length / 2, `it took ${sentBytes} bytes`)
  }
  t.is((await post(server.url, AUTHORIZE)).status, 200)
})

test('a truncated gzip bomb is refused, at any length', async (t) => {
  const bomb = gzipSync(Buffer.alloc(KIB * KIB, '['))
  const headers = { 'content-type': FORM, 'content-encoding': 'gzip', 'x-forwarded-user': 'alice' }
  for (let length = 0; length < bomb.length; length += 25) {
    const body = bomb.subarray(0, length)
    const answer = await send(server.url, { path: VERIFY_AUTHENTICATED, headers, body })
    t.is(answer.status, 400)
    t.is(answer.headers['content-type'], 'application/problem+json')
  }
})

/** Bytes that are not HTTP. They get JSON too, and the connection is closed. */
const MALFORMED: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  'an unknown method': [`BREW ${TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
  'no HTTP at all': ['\0\0\0\0\r\n\r\n', 400],
  'a header of 64 kB': [
    `GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ${'x'.repeat(64 * KIB)}\r\n\r\n`,
    431,
  ],
  'a NUL in a header': [`POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nUser-Agent: a\0b\r\n\r\n`, 400],
  'two lengths': [
    `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na`,
    400,
  ],
  'a length and chunks': [
    `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  'a negative length': [`POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`, 400],
  'a malformed chunk': [
    `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
  ],
  'no Host': [`POST ${TOKEN} HTTP/1.1\r\n\r\n`, 400],
  'a space in the path': [`POST ${TOKEN} x HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
}

for (const [what, [bytes, status]] of Object.entries(MALFORMED)) {
  test(`bytes that are not HTTP are refused without a page: ${what}`, async (t) => {
    const answer = await sendBytes(server.url, bytes)
    t.true(answer.startsWith(`HTTP/1.1 ${status} `), answer)
    t.regex(answer, /\r\nconnection: close\r\n/i)
    t.notRegex(answer, /html/i)
    // Node itself answers a missing Host, without a body.
    const body = answer.split('\r\n\r\n')[1] ?? ''
    if (what !== 'no Host') t.is((JSON.parse(body) as { error: string }).error, 'invalid_request')
    t.is((await send(server.url, { method: 'GET', path: '/healthz' })).status, 200)
  })
}

for (const target of [
  'http://[::1/oauth',
  'http://[::1/oauth/device/token',
  '//[/oauth',
  'http://',
  'http://?user_code=x',
]) {
  test(`a request target that is not a URL with a path is refused as JSON: ${target}`, async (t) => {
    const text = await sendBytes(
      server.url,
      `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    t.regex(text, /^HTTP\/1\.1 4\d\d /)
    t.regex(text, /^content-type: application\/json/im)
    t.regex(text, /\r\n\r\n\{"error":"/)
  })
}

test('paths match exactly', async (t) => {
  const { device_code } = await authorize(server.url)
  for (const path of [
    TOKEN.toUpperCase(),
    `${TOKEN}/`,
    `/${TOKEN}`,
    TOKEN.replace('t', '%74'),
    TOKEN.replace('device', 'Device'),
    `${VERIFY_AUTHENTICATED}/`,
    VERIFY_AUTHENTICATED.replace('verify', 'VERIFY'),
  ]) {
    const answer = await post(server.url, path, { device_code, user_code: 'x' })
    t.is(answer.status, 404, path)
  }
})

test('OA-10: two Authorization headers are several credentials', async (t) => {
  for (const path of [AUTHORIZE, TOKEN]) {
    const header = (text: string): string => `Authorization: ${basic(text).authorization}\r\n`
    const body = 'device_code=x'
    const text = await sendBytes(
      server.url,
      `POST ${path} HTTP/1.1\r\nHost: x\r\n${header('a:')}${header('b:')}Content-Type: ${FORM}\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
    t.regex(text, /^HTTP\/1\.1 400 /)
    t.regex(text, /"error":"invalid_request"/)
    t.notRegex(text, /www-authenticate/i)
  }
})

test('scripts of other origins may read Retry-After', async (t) => {
  const limited = await startTestServer({ AUTHORIZE_LIMIT: '1' })
  t.teardown(limited.stop)
  await authorize(limited.url)
  const answer = await post(limited.url, AUTHORIZE)
  t.is(answer.status, 429)
  t.is(answer.headers['access-control-expose-headers'], 'Retry-After')
})

test('the log has one line for many polls while a store is down', async (t) => {
  const down = await startTestServer()
  t.teardown(down.stop)
  const { device_code } = await authorize(down.url)
  const bringBack = breakStore(down, TOKENS.DeviceGrants)
  for (let i = 0; i < 50; i++) t.is(await pollOutcome(down.url, device_code), 'slow_down')
  bringBack()
  t.is(down.log.filter((line) => line.includes('failed: poll')).length, 1)
})
