import { createServer } from 'node:http'
import { createMemoryStores, createUseCases, type UseCases } from '@device-grant/core'
import { createDeviceGrantRouter, forwardedSignIn } from '@device-grant/http-koa'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import Koa from 'koa'
import { personIdOf } from '#src/sign-in/person-id-of.js'

interface Served {
  readonly url: string
  readonly useCases: UseCases
  /** Lists the keys of the person with these bytes in the header. */
  list(id: Buffer): Promise<{ readonly status: number; readonly keys: readonly unknown[] }>
  readonly forged: unknown[]
  readonly invalid: unknown[]
}

const serve = async (t: ExecutionContext): Promise<Served> => {
  const clock = { now: Date.now }
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock })
  const [forged, invalid]: [unknown[], unknown[]] = [[], []]
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: 'http://localhost',
    trustedProxies: ['127.0.0.1'],
    signIn: forwardedSignIn({
      header: 'X-Forwarded-User',
      onForged: (address) => forged.push(address),
      onInvalid: (address) => invalid.push(address),
    }),
    sessionSecret: 'only for this test, but long enough',
  })
  const server = createServer(new Koa().use(router.routes()).callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  return {
    url,
    useCases,
    forged,
    invalid,
    async list(id) {
      const headers = { 'x-forwarded-user': id.toString('latin1') }
      // With a text as body, Node would encode the headers as UTF-8.
      const body = Buffer.alloc(0)
      const answer = await send(url, { method: 'GET', path: '/oauth/device/keys', headers, body })
      const keys = answer.status === 200 ? membersOf(answer)['keys'] : []
      return { status: answer.status, keys: keys as unknown[] }
    },
  }
}

test('a person whom the proxy has signed in again comes back to the page', async (t) => {
  const { url } = await serve(t)
  const path = '/oauth/device/sign-in?return_to=/oauth/device/keys'
  const headers = { 'x-forwarded-user': 'ann' }
  const signedIn = await send(url, { method: 'GET', path, headers })
  t.is(signedIn.status, 303)
  t.is(signedIn.headers.location, '/oauth/device/keys')
  t.is((await send(url, { method: 'GET', path })).status, 401)
})

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

test('a byte order mark makes another person', async (t) => {
  const { useCases, list } = await serve(t)
  const { userCode } = issued(await useCases.authorizeDevice({ device: {} }))
  await useCases.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.is((await list(Buffer.from('ann'))).keys.length, 1)
  t.deepEqual(await list(Buffer.concat([BOM, Buffer.from('ann')])), { status: 200, keys: [] })
})

test('a header that is no UTF-8 names no person, and is reported', async (t) => {
  const { useCases, list, forged, invalid } = await serve(t)
  const { userCode } = issued(await useCases.authorizeDevice({ device: {} }))
  await useCases.answerUserCode({ userCode, person: 'andr\u00e9', decision: 'approve' })
  t.is((await list(Buffer.from('andr\u00e9'))).keys.length, 1)
  const invalidIds = [
    Buffer.from('andr\u00e9', 'latin1'),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from('x'.repeat(257)),
    Buffer.from('a\tb'),
  ]
  for (const id of invalidIds) t.is((await list(id)).status, 401, id.toString('hex'))
  t.deepEqual(invalid, Array(invalidIds.length).fill('127.0.0.1'))
  t.is((await list(Buffer.alloc(0))).status, 401)
  t.is(invalid.length, invalidIds.length, 'a person who is not signed in is not reported')
  t.deepEqual(forged, [])
})

/** Pieces of headers: text, byte order marks, and broken, overlong and surrogate sequences. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ min: 0x20, max: 0xff, maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    BOM,
    ...['ann', 'e\u0301', '\u00e9', '\u200b', '\ufffd'].map((text) => Buffer.from(text)),
    ...[[0xe9], [0xc3], [0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5]].map(Buffer.from),
  ),
)

const pieces = fc.array(piece, { maxLength: 4 }).map((parts) => Buffer.concat(parts))

/** Two headers that share a beginning and an end. */
const pair = fc
  .tuple(pieces, pieces, pieces, pieces)
  .map(([start, one, other, end]) => [one, other].map((mid) => Buffer.concat([start, mid, end])))

test('two different headers are never the same person', (t) => {
  let accepted = 0
  fc.assert(
    fc.property(pair, ([one = BOM, other = BOM]) => {
      fc.pre(!one.equals(other))
      const ids = [one, other].map((bytes) => personIdOf(bytes.toString('latin1')))
      if (ids[0] === undefined || ids[1] === undefined) return true
      accepted += 1
      return ids[0] !== ids[1]
    }),
    { numRuns: 10_000 },
  )
  t.true(accepted > 100, `${accepted} pairs were accepted`)
})
