import test from 'ava'
import { readOidcAllow, refuseClaims } from '#src/oidc-allow.js'

/** Why the rule refuses the claims, or `undefined`. */
const refuse = (rule: string, claims: Readonly<Record<string, unknown>>): string | undefined =>
  refuseClaims(readOidcAllow(rule).allow)(claims)

const ANN = { email: 'ann@x.example', email_verified: true }

type Row = readonly [
  name: string,
  rule: string,
  claims: Readonly<Record<string, unknown>>,
  reason?: string,
]

const ROWS: readonly Row[] = [
  ['a string', 'groups=a,b', { groups: 'b' }],
  ['an array', 'groups=a,b', { groups: ['c', 'a'] }],
  ['another value', 'groups=a,b', { groups: ['c', 'A', 'a '] }, 'groups is not allowed'],
  ['a string is not split', 'groups=a', { groups: 'a,b' }, 'groups is not allowed'],
  ['no claim', 'groups=a', {}, 'groups is missing'],
  ['an empty array', 'groups=a', { groups: [] }, 'groups is missing'],
  ['values that are no strings', 'groups=1,true', { groups: [1, true] }, 'groups is missing'],
  ['an object', 'groups=a', { groups: { a: 'a' } }, 'groups is missing'],
  ['a member that every object has', 'constructor=a', {}, 'constructor is missing'],
  ['a claim with the name of a URL', 'https://x.example/role=a', { 'https://x.example/role': 'a' }],
  ['all parts', 'groups=a;hd=x.example', { groups: ['a'], hd: 'x.example' }],
  ['the second part', 'groups=a;hd=x.example', { groups: ['a'] }, 'hd is missing'],
  ['the first part', 'groups=a;hd=x.example', { hd: 'x.example' }, 'groups is missing'],
  ['a domain', 'email_domain=x.example', ANN],
  ['any of several domains', 'email_domain=y.example,x.example', ANN],
  ['a domain in another case', 'email_domain=X.example', { ...ANN, email: 'Ann@x.EXAMPLE' }],
  ['no address', 'email_domain=x.example', { email_verified: true }, 'email is missing'],
  ...[false, 'true', 1, undefined].map(
    (email_verified): Row => [
      `verified: ${JSON.stringify(email_verified)}`,
      'email_domain=x.example',
      { ...ANN, email_verified },
      'email is not verified',
    ],
  ),
  ...[
    'ann@sub.x.example',
    'ann@notx.example',
    'ann@x.example.evil.example',
    'ann@x.example.',
    'ann@x.example ',
    'ann@evil.example@x.example',
    'x.example',
    '@x.example',
  ].map(
    (email): Row => [
      `the address ${JSON.stringify(email)}`,
      'email_domain=x.example',
      { ...ANN, email },
      'email_domain is not allowed',
    ],
  ),
  [
    'a letter that looks like one of ASCII',
    'email_domain=k.example',
    { ...ANN, email: 'ann@\u212a.example' },
    'email_domain is not allowed',
  ],
  [
    'several addresses',
    'email_domain=x.example',
    { ...ANN, email: ['ann@x.example', 'eve@evil.example'] },
    'email is missing',
  ],
  [
    'a claim of that name',
    'email_domain=x.example',
    { email_domain: 'x.example' },
    'email is missing',
  ],
  ['one address', 'email=ann@x.example', ANN],
  [
    'another address',
    'email=ann@x.example',
    { ...ANN, email: 'bob@x.example' },
    'email is not allowed',
  ],
  [
    'an address that is not verified',
    'email=ann@x.example',
    { email: ANN.email },
    'email is not verified',
  ],
]

for (const [name, rule, claims, reason] of ROWS) {
  test(`${rule}: ${name}`, (t) => t.is(refuse(rule, claims), reason))
}
