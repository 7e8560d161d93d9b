import {
  type AuthenticatedKey,
  type Authentication,
  type BearerRequest,
  checkBearer,
  StoreUnavailableError,
} from '@device-grant/core'
import test from 'ava'

const KEY: AuthenticatedKey = {
  outcome: 'valid',
  keyId: 'id',
  name: 'n',
  owner: 'ann',
  scope: 'read write',
  issuedAt: 0,
  expiresAt: 1,
}

const check = (request: Partial<BearerRequest>, answer: Authentication = KEY) => {
  const asked: string[] = []
  const reply = checkBearer(
    async (apiKey) => {
      asked.push(apiKey)
      return answer
    },
    { authorization: 'Bearer dg_x', ...request },
  )
  return reply.then((found) => ({ found, asked }))
}

test('a working key passes, however the scheme is written', async (t) => {
  for (const authorization of ['Bearer dg_x', 'bearer dg_x', 'BEARER   dg_x', ['Bearer dg_x']]) {
    const { found, asked } = await check({ authorization })
    t.is(found, KEY)
    t.deepEqual(asked, ['dg_x'])
  }
})

test('a refusal is a status, headers and a body', async (t) => {
  for (const [request, status, error, challenge] of [
    [{ authorization: undefined }, 401, 'unauthorized', 'Bearer realm="device-grant"'],
    [{ authorization: [] }, 401, 'unauthorized', 'Bearer realm="device-grant"'],
    [{ authorization: 'Basic YTpi' }, 401, 'unauthorized', 'Bearer realm="device-grant"'],
    [{ authorization: undefined, realm: 'api' }, 401, 'unauthorized', 'Bearer realm="api"'],
    [
      { authorization: 'Bearer' },
      400,
      'invalid_request',
      'Bearer realm="device-grant", error="invalid_request", error_description="The Authorization header is malformed"',
    ],
    [
      { authorization: 'Bearer a b' },
      400,
      'invalid_request',
      'Bearer realm="device-grant", error="invalid_request", error_description="The Authorization header is malformed"',
    ],
    [
      { authorization: ['Bearer a', 'Bearer a'] },
      400,
      'invalid_request',
      'Bearer realm="device-grant", error="invalid_request", error_description="The key was sent in more than one way"',
    ],
    [
      { hasKeyInQuery: true },
      400,
      'invalid_request',
      'Bearer realm="device-grant", error="invalid_request", error_description="The key was sent in more than one way"',
    ],
    [
      { scope: 'read admin' },
      403,
      'insufficient_scope',
      'Bearer realm="device-grant", error="insufficient_scope", error_description="The key lacks a scope", scope="read admin"',
    ],
  ] as const) {
    const { found } = await check(request)
    t.like(found, { outcome: 'refused', status, headers: { 'WWW-Authenticate': challenge } })
    t.is('body' in found ? found.body.error : undefined, error)
  }
})

test('a key without scope is refused where a scope is needed', async (t) => {
  const { found } = await check({ scope: 'read' }, { ...KEY, scope: undefined })
  t.like(found, { outcome: 'refused', status: 403 })
  t.is((await check({ scope: 'write read' })).found, KEY)
})

test('a key that opens nothing is an invalid token', async (t) => {
  for (const outcome of [
    'malformed',
    'no_such_key',
    'expired',
    'revoked',
    'not_admitted',
  ] as const) {
    const { found } = await check({}, { outcome })
    t.like(found, { outcome: 'refused', status: 401, body: { error: 'invalid_token' } })
  }
})

test('an outage is 503, and the error is handed on; other errors are thrown', async (t) => {
  const down = new StoreUnavailableError('down')
  const reply = await checkBearer(() => Promise.reject(down), { authorization: 'Bearer x' })
  t.like(reply, { outcome: 'refused', status: 503, headers: { 'Retry-After': '5' }, error: down })
  t.false(JSON.stringify(reply).includes('"down"'))
  await t.throwsAsync(
    checkBearer(() => Promise.reject(new TypeError('bug')), { authorization: 'Bearer x' }),
    { instanceOf: TypeError },
  )
})

test('a key for other resources is refused, and a key for all passes', async (t) => {
  const resource = 'https://api.example.com'
  t.is((await check({ resource })).found, KEY)
  const here = { ...KEY, resources: [resource] }
  t.is((await check({ resource }, here)).found, here)
  t.is((await check({}, here)).found, here)
  const resourceMetadata = `${resource}/.well-known/oauth-protected-resource`
  const elsewhere = { ...KEY, resources: ['https://b.example.com'] }
  const { found } = await check({ resource, resourceMetadata }, elsewhere)
  t.like(found, { status: 401, body: { error: 'invalid_token' } })
  const { found: without } = await check({ resource, resourceMetadata, authorization: undefined })
  const challenge = `Bearer realm="device-grant", resource_metadata="${resourceMetadata}"`
  t.like(without, { headers: { 'WWW-Authenticate': challenge } })
})
