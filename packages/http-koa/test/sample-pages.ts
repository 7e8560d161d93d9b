import type {
  CatalogueScopes,
  EndedKey,
  ListedKey,
  PendingAuthorization,
  Refusal,
  RegisteredClient,
} from '@device-grant/core'
import type { MessageKind, PageContext, Pages } from '#src/pages/pages.js'
import { pathsBelow } from '#src/paths.js'

const MINUTE = 60_000
const DAY = 86_400_000

/** 2030-01-15, 12:00 UTC. */
export const NOW: number = Date.UTC(2030, 0, 15, 12)

export const contextOf = (changes: Partial<PageContext> = {}): PageContext => ({
  locale: 'en',
  paths: pathsBelow(''),
  person: 'Ann Example',
  csrfToken: 'a-csrf-token',
  canSignOut: true,
  now: NOW,
  query: 'user_code=WDJB-MJHT',
  ...changes,
})

export const PENDING: PendingAuthorization = {
  outcome: 'pending',
  userCode: 'WDJB-MJHT',
  request: {
    clientId: 'acme-cli',
    scope: 'read write projects:admin',
    device: { address: '203.0.113.7', userAgent: 'acme-cli/2.1 (Linux x86_64)' },
  },
  requestedAt: NOW - 2 * MINUTE,
  expiresAt: NOW + 8 * MINUTE,
  scopes: [{ name: 'read' }, { name: 'write' }, { name: 'projects:admin' }],
  hasScopeChoice: false,
  keyLifetimesMs: [DAY],
  needs: [],
}

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#69c"/></svg>'

/** A registered client with a home page and a logo. */
export const ACME: RegisteredClient = {
  clientId: 'acme-cli',
  name: { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile' } },
  homepage: 'https://acme.example/tools',
  logo: { mediaType: 'image/svg+xml', body: Buffer.from(LOGO) },
  authentication: { method: 'client_secret_basic', secretHashes: [] },
}

export const CATALOGUE: CatalogueScopes = new Map([
  [
    'projects:read',
    {
      description: { text: 'See your projects', translations: { de: 'Ihre Projekte sehen' } },
      required: true,
    },
  ],
  [
    'projects:write',
    {
      description: { text: 'Change your projects', translations: { de: 'Ihre Projekte ändern' } },
      sensitive: true,
    },
  ],
  [
    'billing.read',
    { description: { text: 'See your invoices', translations: { de: 'Ihre Rechnungen sehen' } } },
  ],
])

/** A request with everything that a registry, a catalogue and an earlier login add. */
export const pendingWithChoices = (value?: string): PendingAuthorization => ({
  ...PENDING,
  ...(value === undefined ? {} : { userCode: value }),
  client: ACME,
  request: {
    ...(value === undefined ? PENDING.request : hostilePending(value).request),
    scope: [...CATALOGUE.keys()].join(' '),
    deviceName: value ?? 'Maria’s MacBook',
    clientAuthenticated: true,
  },
  scopes: [...CATALOGUE].map(([name, entry]) => ({ name, entry })),
  hasScopeChoice: true,
  keyLifetimesMs: [DAY, 30 * DAY, 90 * DAY],
  replaceable: {
    key: {
      ...(value === undefined ? EARLIER_KEY : hostileKey(value)),
      deviceName: value ?? 'Maria’s MacBook',
    },
    isUnused: true,
  },
})

/** A first login of a named device, which asks for two scopes. */
const pendingWithTwoScopes = (value?: string): PendingAuthorization => {
  const { replaceable: _, ...pending } = pendingWithChoices(value)
  return { ...pending, scopes: pending.scopes.slice(0, 2) }
}

/** A key of a registered client, with a named device and a narrowed scope. */
const EARLIER_KEY: ListedKey = {
  id: '4kPqRsTuVwXyZaBcDeFgHi',
  status: 'active',
  name: 'Device Link Access Key (MMMM-NNNN)',
  deviceName: 'Maria’s MacBook',
  client: ACME,
  scope: 'projects:read',
  request: { clientId: 'acme-cli', scope: 'projects:read projects:write', device: {} },
  approvedAt: NOW - 21 * DAY,
  lastUsedAt: NOW - 2 * DAY,
  expiresAt: NOW + 9 * DAY,
  idleExpiresAt: NOW + 5 * DAY,
}

/** A key that a newer version of this software wrote. */
const UNKNOWN_KEY: ListedKey = {
  id: '5kPqRsTuVwXyZaBcDeFgHi',
  status: 'unknown',
  name: 'Device Link Access Key (PPPP-QQQQ)',
  request: { clientId: 'acme-cli', device: {} },
  approvedAt: NOW - DAY,
  expiresAt: NOW + DAY,
}

/** Keys with all that a registry, a catalogue and a limit of unused keys add. */
export const NAMED_KEYS: readonly ListedKey[] = [EARLIER_KEY, UNKNOWN_KEY]

/** Keys that have ended, one for each reason that a person can see in the list. */
export const ENDED_KEYS: readonly EndedKey[] = (
  [
    'secret_scanning',
    'owner',
    'operator',
    'bearer',
    'replacement',
    'cut_off',
    'expired',
    'unused',
    'revoked',
  ] as const
).map((ending, i) => ({
  id: `${i}ePqRsTuVwXyZaBcDeFgHi`,
  ending,
  ...(ending === 'secret_scanning' && { place: 'https://github.com/acme/app/blob/main/.env' }),
  name: 'Device Link Access Key (RRRR-SSSS)',
  request: { clientId: 'acme-cli', device: {} },
  ...(i % 2 === 0 && { deviceName: 'Build server' }),
  ...(i % 3 === 0 && { lastUsedAt: NOW - 5 * DAY }),
  approvedAt: NOW - 40 * DAY,
  endedAt: NOW - (i + 1) * DAY,
}))

/** So many active keys of named devices. */
export const manyKeys = (count: number): readonly ListedKey[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `${String(i).padStart(2, '0')}mPqRsTuVwXyZaBcDeFgHi`,
    status: 'active',
    name: 'Device Link Access Key (TTTT-VVVV)',
    deviceName: `Laptop ${i + 1}`,
    request: { clientId: 'acme-cli', device: { address: i % 2 ? '203.0.113.7' : '198.51.100.20' } },
    approvedAt: NOW - 30 * DAY,
    lastUsedAt: NOW - i * 3_600_000,
    expiresAt: NOW + 9 * DAY,
  }))

const PLACES = new Map([
  ['203.0.113.7', { place: 'Berlin, Germany', network: 'Example Telecom' }],
  ['198.51.100.20', { place: 'Hamburg, Germany' }],
])

export const KEYS: readonly ListedKey[] = [
  {
    id: '0GSUisErIo4gm6Ox2tFZ4S',
    status: 'waiting',
    name: 'Device Link Access Key (WDJB-MJHT)',
    request: {
      clientId: 'acme-cli',
      scope: 'read write',
      device: { address: '2001:db8:85a3::8a2e:370:7334', userAgent: 'acme-cli/2.1' },
    },
    scope: 'read write',
    approvedAt: NOW - 20_000,
    expiresAt: NOW + 8 * MINUTE,
  },
  {
    id: '7kPqRsTuVwXyZaBcDeFgHi',
    status: 'active',
    name: 'Device Link Access Key (BCDF-GHJK)',
    request: {
      clientId: 'television',
      device: { address: '192.0.2.44', userAgent: 'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0)' },
    },
    approvedAt: NOW - 3 * 3_600_000,
    lastUsedAt: NOW - 5 * MINUTE,
    expiresAt: NOW + 21 * 3_600_000,
  },
  {
    id: '1aB2cD3eF4gH5iJ6kL7mN8',
    status: 'unused',
    name: 'Device Link Access Key (ZZZZ-XXXX)',
    request: { device: {} },
    approvedAt: NOW - 9 * DAY,
    expiresAt: NOW + 21 * DAY,
  },
]

/** A code that has 7 letters instead of 8. */
export const MALFORMED: Extract<Refusal, { readonly outcome: 'malformed' }> = {
  outcome: 'malformed',
  codeLength: 8,
  typedLength: 7,
  charset: 'BCDFGHJKLMNPQRSTVWXZ',
}

const withoutSpaces = (value: string): string => value.replaceAll(/\s/g, '')

/** A key with `value` in every text that a client or a person can set. */
export const hostileKey = (value: string): ListedKey => ({
  // Ids come from the core, so they never hold a lone surrogate.
  id: Buffer.from(value).toString(),
  status: 'active',
  name: value,
  deviceName: value,
  scope: `${withoutSpaces(value)} read`,
  request: {
    clientId: value,
    scope: `${withoutSpaces(value)} read`,
    device: { address: value, userAgent: value },
  },
  approvedAt: NOW - MINUTE,
  expiresAt: NOW + DAY,
})

export const hostilePending = (value: string): PendingAuthorization => ({
  ...PENDING,
  userCode: value,
  request: {
    clientId: value,
    scope: `${withoutSpaces(value)} read`,
    device: { address: value, userAgent: value },
  },
  scopes: [{ name: withoutSpaces(value) }, { name: 'read' }],
})

/** The same request, asked by a page of this origin. */
export const fromWebPage = (
  pending: PendingAuthorization,
  webOrigin: string,
): PendingAuthorization => ({
  ...pending,
  request: { ...pending.request, device: { ...pending.request.device, webOrigin } },
})

const MANY_SCOPES = Array.from({ length: 12 }, (_, i) => `project-${i}:read`).join(' ')

const MESSAGE_KINDS: Readonly<Record<MessageKind, true>> = {
  approved: true,
  connected: true,
  disconnected: true,
  denied: true,
  reported: true,
  approval_reported: true,
  expired: true,
  already_approved: true,
  already_denied: true,
  no_longer_valid: true,
  too_many_attempts: true,
  client_refused: true,
  too_many_keys: true,
  not_admitted: true,
  elsewhere: true,
  sign_in_again: true,
  sign_in_failed: true,
  session_ended: true,
  signed_out: true,
  signing_out: true,
  switching_account: true,
  key_not_created: true,
  outcome_unknown: true,
  revocation_unknown: true,
  renaming_unknown: true,
  device_name_too_long: true,
  unavailable: true,
  form_refused: true,
  bad_request: true,
  not_found: true,
  not_allowed: true,
  server_error: true,
}

export const ALL_MESSAGE_KINDS: readonly MessageKind[] = Object.keys(MESSAGE_KINDS).filter(
  (kind): kind is MessageKind => kind in MESSAGE_KINDS,
)

/** Every page in every state, by name. `value` replaces every text from a client or a person. */
export const allPages = (
  pages: Pages,
  locale: string,
  value?: string,
): ReadonlyMap<string, string> => {
  const context = contextOf({ locale, ...(value === undefined ? {} : { person: value }) })
  const { person: _, ...signedOut } = contextOf({ locale, canSignOut: false })
  const bare = { ...PENDING, request: { device: {} } }
  const typed = value ?? 'WDJB-MJH'
  const pending = value === undefined ? PENDING : hostilePending(value)
  const keys = value === undefined ? KEYS : [hostileKey(value), hostileKey(value)]
  const retry = '/oauth/device/verify?user_code=WDJB-MJHT'
  const device = { userCode: value ?? 'WDJB-MJHT', clientId: value ?? 'acme-cli' }
  const granted = {
    keyId: '7kPqRsTuVwXyZaBcDeFgHi',
    approvedAt: NOW - 2 * MINUTE,
    scope: pending.request.scope,
    deviceName: value ?? 'Maria’s MacBook',
    lifetimeMs: 30 * DAY,
  }
  const made: [string, string][] = [
    ['home', pages.home(context, {})],
    ['home-signed-out', pages.home(signedOut, {})],
    ['enter-code', pages.enterCode(context, {})],
    [
      'enter-code-invalid',
      pages.enterCode(context, { typed, refusal: { outcome: 'invalid', attemptsLeft: 2 } }),
    ],
    ['enter-code-malformed', pages.enterCode(context, { typed, refusal: MALFORMED })],
    [
      'enter-code-contested',
      pages.enterCode(context, {
        typed,
        refusal: { outcome: 'contested', retryAfterMs: 2 * MINUTE },
      }),
    ],
    [
      'enter-code-in-progress',
      pages.enterCode(context, {
        typed,
        refusal: { outcome: 'attempts_in_progress', retryAfterMs: 1_000 },
      }),
    ],
    [
      'enter-code-last-attempt',
      pages.enterCode(context, {
        typed,
        refusal: { outcome: 'invalid', attemptsLeft: 0, retryAfterMs: 10 * MINUTE },
      }),
    ],
    ['confirm', pages.confirm(context, { pending, browser: { address: value ?? '203.0.113.7' } })],
    [
      'confirm-elsewhere',
      pages.confirm(context, {
        pending,
        browser: { address: '198.51.100.20' },
        trustedName: value ?? 'Acme Command Line',
      }),
    ],
    [
      'confirm-refused-needs',
      pages.confirm(context, {
        pending: { ...pending, needs: ['elsewhere_reason', 'code_ending'] },
        browser: { address: '198.51.100.20' },
        problem: 'code_ending',
        chosen: { elsewhereReason: 'vpn' },
      }),
    ],
    [
      'confirm-places',
      pages.confirm(context, {
        pending: pendingWithChoices(value),
        browser: { address: '198.51.100.20' },
        places: value === undefined ? PLACES : new Map([[value, { place: value, network: value }]]),
      }),
    ],
    [
      'confirm-unknown-place',
      pages.confirm(context, {
        pending: {
          ...pending,
          scopes: MANY_SCOPES.split(' ').map((name) => ({ name })),
          request: {
            ...pending.request,
            scope: MANY_SCOPES,
            device: { ...pending.request.device, unlistedProxy: '203.0.113.7' },
          },
        },
        browser: { address: '203.0.113.7', unlistedProxy: '203.0.113.7' },
      }),
    ],
    [
      'confirm-web-page',
      pages.confirm(context, { pending: fromWebPage(pending, value ?? 'https://evil.test') }),
    ],
    ['confirm-hidden-web-page', pages.confirm(context, { pending: fromWebPage(pending, 'null') })],
    [
      'confirm-two-scopes',
      pages.confirm(context, {
        pending: pendingWithTwoScopes(value),
        browser: { address: value ?? '203.0.113.7' },
      }),
    ],
    ['confirm-bare', pages.confirm(context, { pending: bare })],
    ['confirm-choices', pages.confirm(context, { pending: pendingWithChoices(value) })],
    [
      'confirm-refused',
      pages.confirm(context, {
        pending: pendingWithChoices(value),
        problem: 'device_name',
        chosen: {
          scopes: ['projects:read'],
          lifetimeMs: 30 * DAY,
          deviceName: value ?? 'Mac',
        },
      }),
    ],
    [
      'keys-many',
      pages.keys(context, {
        revocationDelayMs: 5_000,
        keys: value === undefined ? manyKeys(12) : keys,
        total: 60,
        found: 12,
        query: { search: value ?? 'laptop' },
        places: PLACES,
        ended:
          value === undefined
            ? ENDED_KEYS
            : ENDED_KEYS.map((key) => ({ ...key, place: value, deviceName: value, name: value })),
        next: '1894708800000~0GSUisErIo4gm6Ox2tFZ4S',
        older: '1894708800000~0GSUisErIo4gm6Ox2tFZ4S',
        notice: 'revoked',
        deviceName: value ?? 'Maria’s MacBook',
      }),
    ],
    ['keys', pages.keys(context, { revocationDelayMs: 1_000, keys, notice: 'revoked' })],
    [
      'keys-more',
      pages.keys(context, {
        revocationDelayMs: 0,
        keys,
        next: '1894708800000.0GSUisErIo4gm6Ox2tFZ4S',
        notice: 'revoked',
      }),
    ],
    [
      'keys-named',
      pages.keys(context, {
        revocationDelayMs: 1_000,
        keys: value === undefined ? NAMED_KEYS : keys,
        catalogue: CATALOGUE,
        notice: 'revoked',
        deviceName: value ?? 'Old laptop',
      }),
    ],
    [
      'keys-empty',
      pages.keys(context, { revocationDelayMs: 1_000, keys: [], notice: 'revoked_all' }),
    ],
    ['sign-in', pages.signIn(signedOut, { returnTo: value ?? retry })],
    ['sign-in-again', pages.signIn(signedOut, { returnTo: retry, problem: 'name_missing' })],
    [
      'sign-in-invalid',
      pages.signIn(signedOut, {
        returnTo: retry,
        problem: 'name_invalid',
        typed: value ?? 'x'.repeat(300),
      }),
    ],
  ]
  for (const kind of ALL_MESSAGE_KINDS) {
    const more = {
      ...(kind === 'too_many_attempts' ? { retryAfterMs: 10 * MINUTE } : {}),
      ...(kind === 'too_many_keys' ? { retry, leastRecentlyUsed: keys[1] } : {}),
      ...(kind === 'not_admitted'
        ? { contact: value ?? 'help@example.com', otherAccountFor: value ?? 'WDJB-MJHT' }
        : {}),
      ...(kind === 'device_name_too_long'
        ? { retry, rename: { keyId: 'a', deviceName: value ?? 'x'.repeat(65) } }
        : {}),
      ...(kind === 'approved' || kind === 'connected'
        ? { key: kind === 'approved' ? keys[0] : keys[1] }
        : {}),
      ...(kind === 'disconnected' ? { endedKey: ENDED_KEYS[0] } : {}),
      ...(kind === 'reported' || kind === 'approval_reported' ? { recentKeys: keys } : {}),
      ...(kind === 'already_approved' ? { granted } : {}),
      ...(kind === 'elsewhere' || kind === 'sign_in_again'
        ? { deniableCode: value ?? 'WDJB-MJHT' }
        : {}),
      ...(kind === 'sign_in_again' ? { retry } : {}),
    }
    made.push([`message-${kind}`, pages.message(context, { kind, ...device, ...more })])
    made.push([`message-${kind}-bare`, pages.message(signedOut, { kind, retry })])
  }
  return new Map(made)
}
