import { randomUUID } from 'node:crypto'
import { basic } from '@device-grant/test-support/authorization-header'
import { outcomeOf } from '@device-grant/test-support/device'
import { AUTHORIZE, GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { type Answer, membersOf } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { withAssertion } from './client-assertion.ts'
import { type RegistryServer, startRegistryServer } from './registry-setting.ts'
import {
  asserting,
  CLIENTS,
  encoded,
  hashOf,
  type Identification,
  keys,
  NEW_SECRET,
  SECRET,
  sendAs,
} from './sample-clients.ts'

type Make = Identification | ((server: RegistryServer) => Promise<Identification>)

/** An assertion with a claim in seconds from now. */
const at =
  (claim: string, seconds: number) =>
  async (server: RegistryServer): Promise<Identification> =>
    asserting({ [claim]: Math.floor(server.clock.now() / 1_000) + seconds })(server)

/** An assertion with the longest `jti`. */
const longJti = async (server: RegistryServer): Promise<Identification> =>
  asserting({ jti: randomUUID().padStart(256, 'j') })(server)

/** Requests of a client that is let in. */
const ACCEPTED: readonly (readonly [client: string, what: string, made: Make])[] = [
  ['cli', 'its id', { parameters: { client_id: 'cli' } }],
  ['cli', 'its id and an empty secret', { parameters: { client_id: 'cli', client_secret: '' } }],
  ['cli', 'Basic with an empty secret', { headers: basic('cli:') }],
  ['a+b', 'Basic with an id that is not encoded', { headers: basic('a+b:') }],
  ['a+b', 'Basic with an encoded id', { headers: basic('a%2Bb:') }],
  ['my cli', 'Basic with an encoded id and secret', { headers: encoded('my cli', SECRET) }],
  ['my cli', 'Basic as it is', { headers: basic(`my cli:${SECRET}`) }],
  ['my cli', 'Basic with an encoded id only', { headers: basic(`my+cli:${SECRET}`) }],
  ['my cli', 'Basic with its second secret', { headers: encoded('my cli', NEW_SECRET) }],
  [
    'my cli',
    'Basic and its id',
    { headers: encoded('my cli', SECRET), parameters: { client_id: 'my cli' } },
  ],
  [
    'my cli',
    'a secret in the body',
    { parameters: { client_id: 'my cli', client_secret: SECRET } },
  ],
  [
    'poster',
    'a secret in the body',
    { parameters: { client_id: 'poster', client_secret: SECRET } },
  ],
  ['poster', 'Basic', { headers: encoded('poster', SECRET) }],
  ['signer', 'an assertion', asserting()],
  ['signer', 'an assertion and its id', asserting({}, { parameters: { client_id: 'signer' } })],
  ['signer', 'an assertion by RSA', asserting({}, { key: keys.rsa })],
  ['signer', 'an assertion by RSA-PSS', asserting({}, { key: keys.pss })],
  ['signer', 'an assertion by EdDSA', asserting({}, { key: keys.ed })],
  ['signer', 'an assertion by the first of two keys', asserting({}, { key: keys.one })],
  ['signer', 'an assertion by the second of two keys', asserting({}, { key: keys.two })],
  [
    'signer',
    'an assertion for the token endpoint',
    (server) => asserting({ aud: server.url + TOKEN })(server),
  ],
  [
    'signer',
    'an assertion for the issuer and its token endpoint',
    (server) => asserting({ aud: [server.url, server.url + TOKEN] })(server),
  ],
  ['signer', 'an assertion that expires in 5 minutes', at('exp', 300)],
  ['signer', 'an assertion of a clock that is ahead', at('iat', 20)],
  ['signer', 'an assertion of a clock that is behind', at('exp', -20)],
  ['signer', 'an assertion with a long jti', longJti],
  ['signer', 'an assertion without iat', asserting({ iat: undefined })],
]

interface Refused {
  readonly what: string
  readonly made: Make
  /** Default: 400 */
  readonly status?: 400 | 401
  /** Default: invalid_client */
  readonly error?: string
  readonly says: string
}

const UNSIGNED = [{ alg: 'none' }, { iss: 'signer', sub: 'signer' }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')

const badAssertion = (what: string, says: string, made: Make): Refused => ({
  what,
  made,
  says: `The client assertion is not valid: ${says}`,
})

const REFUSED: readonly Refused[] = [
  { what: 'no client', made: {}, error: 'invalid_request', says: 'client_id is missing' },
  {
    what: 'an empty client_id',
    made: { parameters: { client_id: '', client_secret: SECRET } },
    error: 'invalid_request',
    says: 'client_id is missing',
  },
  {
    what: 'an unknown client',
    made: { parameters: { client_id: 'stranger' } },
    says: 'The client is unknown',
  },
  {
    what: 'an unknown client by Basic',
    made: { headers: basic('stranger:') },
    status: 401,
    says: 'The client is unknown',
  },
  {
    what: 'an unknown client with a secret',
    made: { headers: basic(`stranger:${SECRET}`) },
    status: 401,
    says: 'The client is unknown',
  },
  {
    what: 'a client in other case',
    made: { parameters: { client_id: 'CLI' } },
    says: 'The client is unknown',
  },
  {
    what: 'a public client with a secret',
    made: { parameters: { client_id: 'cli', client_secret: SECRET } },
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a public client with a secret by Basic',
    made: { headers: basic('cli:secret') },
    status: 401,
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a client with a secret that sends none',
    made: { parameters: { client_id: 'my cli' } },
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a client with a secret that sends an empty one by Basic',
    made: { headers: basic('my+cli:') },
    status: 401,
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a client with keys that sends no assertion',
    made: { parameters: { client_id: 'signer' } },
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a client with keys that sends a secret',
    made: { parameters: { client_id: 'signer', client_secret: SECRET } },
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a client with a secret that sends an assertion',
    made: asserting({ iss: 'poster', sub: 'poster' }),
    says: 'The client must authenticate as it is registered',
  },
  {
    what: 'a wrong secret',
    made: { parameters: { client_id: 'poster', client_secret: `${SECRET}.` } },
    says: 'The client secret is wrong',
  },
  {
    what: 'a wrong secret by Basic',
    made: { headers: encoded('my cli', 'wrong') },
    status: 401,
    says: 'The client secret is wrong',
  },
  {
    what: 'the hash of a secret',
    made: { parameters: { client_id: 'poster', client_secret: hashOf(SECRET) } },
    says: 'The client secret is wrong',
  },
  {
    what: 'malformed Basic credentials',
    made: { headers: { authorization: 'Basic ?' } },
    status: 401,
    says: 'The Basic credentials are malformed',
  },
  {
    what: 'Basic and a secret in the body',
    made: { headers: encoded('my cli', SECRET), parameters: { client_secret: SECRET } },
    error: 'invalid_request',
    says: 'Two ways',
  },
  {
    what: 'Basic and an assertion',
    made: async (server) => ({ ...(await asserting()(server)), headers: basic('signer:') }),
    error: 'invalid_request',
    says: 'Two ways',
  },
  {
    what: 'an assertion and a secret in the body',
    made: asserting({}, { parameters: { client_id: 'signer', client_secret: SECRET } }),
    error: 'invalid_request',
    says: 'Two ways',
  },
  {
    what: 'Basic and another client_id',
    made: { headers: encoded('my cli', SECRET), parameters: { client_id: 'cli' } },
    error: 'invalid_request',
    says: 'client_id differs',
  },
  {
    what: 'an assertion that is no JWT',
    made: { parameters: withAssertion('nonsense') },
    says: 'The client assertion names no client',
  },
  badAssertion('an assertion that is no JWT, and a client_id', 'signature', {
    parameters: { ...withAssertion('nonsense'), client_id: 'signer' },
  }),
  badAssertion('an assertion of another type', 'client_assertion_type', async (server) => {
    const { parameters } = await asserting()(server)
    return { parameters: { ...parameters, client_assertion_type: 'urn:example:saml' } }
  }),
  badAssertion('an assertion without a type', 'client_assertion_type', async (server) => {
    const { parameters } = await asserting()(server)
    return { parameters: { ...parameters, client_assertion_type: '' } }
  }),
  badAssertion('only the type of an assertion', 'client_assertion_type', {
    parameters: { client_id: 'signer', client_assertion_type: 'x' },
  }),
  badAssertion('an assertion without a signature', 'alg', {
    parameters: withAssertion(`${UNSIGNED}.`),
  }),
  badAssertion('an assertion by HMAC', 'alg', async (server) => {
    const secret = new TextEncoder().encode(JSON.stringify(keys.ec.jwk)) as unknown as CryptoKey
    return asserting({}, { key: { ...keys.ec, alg: 'HS256', privateKey: secret } })(server)
  }),
  badAssertion('an assertion by a foreign key', 'signature', asserting({}, { key: keys.foreign })),
  badAssertion(
    'an assertion by a foreign key that names none',
    'signature',
    asserting({}, { key: { ...keys.foreign, kid: undefined } }),
  ),
  badAssertion(
    'an assertion with an unknown key id',
    'signature',
    asserting({}, { key: { ...keys.ec, kid: 'other' } }),
  ),
  badAssertion('an assertion without exp', 'exp', asserting({ exp: undefined })),
  badAssertion('an assertion that has expired', 'exp', at('exp', -30)),
  badAssertion('an assertion that expires in an hour', 'exp', at('exp', 3_600)),
  badAssertion('an assertion that expires in 331 seconds', 'exp', at('exp', 331)),
  badAssertion('an assertion that is not valid yet', 'nbf', at('nbf', 60)),
  badAssertion('an assertion of the future', 'iat', at('iat', 60)),
  badAssertion('an assertion without jti', 'jti', asserting({ jti: undefined })),
  badAssertion('an assertion with an empty jti', 'jti', asserting({ jti: '' })),
  badAssertion('an assertion with a number as jti', 'jti', asserting({ jti: 5 })),
  badAssertion('an assertion with a long jti', 'jti', asserting({ jti: 'j'.repeat(257) })),
  badAssertion('an assertion without aud', 'aud', asserting({ aud: undefined })),
  badAssertion('an assertion for another server', 'aud', asserting({ aud: 'https://as.example' })),
  badAssertion('an assertion for the authorization endpoint', 'aud', (server) =>
    asserting({ aud: server.url + AUTHORIZE })(server),
  ),
  badAssertion('an assertion for another server too', 'aud', (server) =>
    asserting({ aud: [server.url, 'https://as.example'] })(server),
  ),
  badAssertion('an assertion of another issuer', 'iss', asserting({ iss: 'cli' })),
  badAssertion('an assertion about another client', 'sub', (server) =>
    asserting({ sub: 'cli' }, { parameters: { client_id: 'signer' } })(server),
  ),
]

const make = async (made: Make, server: RegistryServer): Promise<Identification> =>
  typeof made === 'function' ? made(server) : made

/** Asks the use case itself, so that only the poll identifies the client. */
const deviceCodeOf = async ({ useCases }: RegistryServer, clientId: string): Promise<string> =>
  issued(await useCases.authorizeDevice({ clientId, device: {} })).deviceCode

const isRefused = (t: ExecutionContext, answer: Answer, row: Refused): void => {
  const { status = 400, error = 'invalid_client', says } = row
  t.is(answer.status, status, answer.text)
  const { error: given, error_description } = membersOf(answer)
  t.is(given, error)
  t.true(String(error_description).startsWith(says), String(error_description))
  const challenge = status === 401 ? 'Basic realm="device-grant"' : undefined
  t.is(answer.headers['www-authenticate'], challenge)
}

for (const [client, what, made] of ACCEPTED) {
  test(`REQ-3, TOK-4, OA-14 ${client} is identified by ${what}`, async (t) => {
    const server = await startRegistryServer(t, { clients: CLIENTS })
    const asked = await sendAs(server, AUTHORIZE, await make(made, server))
    t.is(asked.status, 200, asked.text)
    const more = { grant_type: GRANT_TYPE, device_code: String(membersOf(asked)['device_code']) }
    const polled = await sendAs(server, TOKEN, await make(made, server), more)
    t.is(outcomeOf(polled), 'authorization_pending', polled.text)
    t.deepEqual([server.refused, server.pauses, server.errors], [[], [], []])
  })
}

for (const row of REFUSED) {
  test(`REQ-2, REQ-3, OA-11 ${row.error ?? 'invalid_client'} for ${row.what}`, async (t) => {
    const server = await startRegistryServer(t, { clients: CLIENTS })
    const device_code = await deviceCodeOf(server, 'cli')
    isRefused(t, await sendAs(server, AUTHORIZE, await make(row.made, server)), row)
    const poll = { grant_type: GRANT_TYPE, device_code }
    isRefused(t, await sendAs(server, TOKEN, await make(row.made, server), poll), row)
    // Nothing else of the request is looked at.
    const scope = { scope: 'a"b', device_name: 'n'.repeat(65) }
    isRefused(t, await sendAs(server, AUTHORIZE, await make(row.made, server), scope), row)
    const grant = { grant_type: 'password' }
    isRefused(t, await sendAs(server, TOKEN, await make(row.made, server), grant), row)
    t.deepEqual(server.errors, [])
  })
}
