import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { connect, ensureIndexes } from '@device-grant/adapter-mongo'
import { StoreUnavailableError } from '@device-grant/core'
import { freePort } from '@device-grant/test-support/free-port'
import { mongoServer, withOptions } from '@device-grant/test-support/mongo-server'
import test, { type ExecutionContext } from 'ava'
import { allowInsecureRequests, discovery } from 'openid-client'
import { describeError, type ErrorDescription } from '#src/describe-error.js'
import { logTo } from '#src/log.js'

const log = logTo({ write: () => {} }, 'info')
const debugLog = logTo({ write: () => {} }, 'debug')

/** Listens on a free port of loopback until the end of the test. */
const listen = async <S extends Server>(t: ExecutionContext, server: S): Promise<number> => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A certificate that no one trusts, with its key. Without openssl its tests are skipped. */
const certificate = spawnSync(
  'openssl',
  'req -x509 -newkey rsa:2048 -nodes -keyout - -out - -days 1 -subj /CN=localhost'.split(' '),
  { encoding: 'utf8' },
).stdout
if (certificate === undefined && process.env['CI'] === 'true') throw new Error('openssl is missing')
const testWithTls = certificate === undefined ? test.skip : test

const mongo = await mongoServer('how the log explains a wrong replica set')
const testWithMongo = mongo === undefined ? test.skip : test
test.after.always(() => mongo?.stop())

const untrusted = (): Server => createTlsServer({ cert: certificate, key: certificate })

const errorOf = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('There was no error')
}

/** The first error of MongoDB whose cause fits, because a busy machine may connect late. */
const ofMongo = async (
  t: ExecutionContext,
  uri: string,
  fits = (cause: string): boolean => !/ is Unknown/.test(cause),
): Promise<ErrorDescription> => {
  const db = connect(uri, { serverSelectionTimeoutMS: 500 })
  t.teardown(() => db.client.close())
  for (;;) {
    const found = describeError(await errorOf(() => ensureIndexes(db)), log)
    if (fits(found.cause ?? '')) return found
  }
}

const ofProvider = async (issuer: string): Promise<ErrorDescription> => {
  const execute = issuer.startsWith('http:') ? [allowInsecureRequests] : []
  const discover = (): Promise<unknown> =>
    discovery(new URL(issuer), 'device-grant', undefined, undefined, { execute })
  return describeError(await errorOf(discover), log)
}

const causeOf = ({ error, cause }: ErrorDescription): string => `${error}: ${cause}`

test('MongoDB on a closed port', async (t) => {
  const port = await freePort()
  const found = await ofMongo(t, `mongodb://ann:hunter2@127.0.0.1:${port}/`)
  const text = `connect ECONNREFUSED 127.0.0.1:${port} (ECONNREFUSED)`
  t.is(causeOf(found), `StoreUnavailableError: ${text}`)
})

test('MongoDB on a host that does not exist', async (t) => {
  const found = await ofMongo(t, 'mongodb://ann:hunter2@host.invalid/')
  t.regex(
    causeOf(found),
    /^StoreUnavailableError: getaddrinfo \w+ host\.invalid \((ENOTFOUND|EAI_AGAIN)\)$/,
  )
})

test('several servers of MongoDB, each with its own cause', async (t) => {
  const [one, two] = await Promise.all([freePort(), freePort()])
  const servers = `mongodb://127.0.0.1:${one},127.0.0.1:${two}/`
  const found = await ofMongo(t, servers, (cause) => cause.split(';').length === 2)
  t.regex(found.cause ?? '', new RegExp(`ECONNREFUSED 127.0.0.1:${one} `))
  t.regex(found.cause ?? '', new RegExp(`ECONNREFUSED 127.0.0.1:${two} `))
})

test('TLS to a MongoDB without TLS', async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => socket.end('no TLS here')),
  )
  const found = await ofMongo(t, `mongodb://ann:hunter2@127.0.0.1:${port}/?tls=true`)
  t.regex(
    causeOf(found),
    /^StoreUnavailableError: .*wrong version number.*\(ERR_SSL_WRONG_VERSION_NUMBER\)$/s,
  )
})

testWithTls('MongoDB with a private CA', async (t) => {
  const port = await listen(t, untrusted())
  const found = await ofMongo(t, `mongodb://127.0.0.1:${port}/?tls=true`)
  t.regex(causeOf(found), /self-signed certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/)
})

test('a MongoDB that does not answer', async (t) => {
  const port = await listen(
    t,
    createTcpServer(() => {}),
  )
  const found = await ofMongo(t, `mongodb://127.0.0.1:${port}/`, () => true)
  t.is(found.cause, `no server was found (127.0.0.1:${port} is Unknown)`)
})

testWithMongo('a MongoDB that is no member of the replica set', async (t) => {
  const uri = withOptions(String(mongo?.uri), 'replicaSet=wrong')
  const found = await ofMongo(t, uri, () => true)
  t.regex(found.cause ?? '', /^no server of replica set wrong was found \(/)
})

test('an OpenID provider on a closed port', async (t) => {
  const port = await freePort()
  t.is(
    causeOf(await ofProvider(`https://127.0.0.1:${port}/`)),
    `TypeError: connect ECONNREFUSED 127.0.0.1:${port} (ECONNREFUSED)`,
  )
})

testWithTls('an OpenID provider with a private CA', async (t) => {
  const port = await listen(t, untrusted())
  const found = await ofProvider(`https://127.0.0.1:${port}/`)
  t.is(causeOf(found), 'TypeError: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)')
})

test('https to an OpenID provider without TLS', async (t) => {
  const port = await listen(t, createServer())
  const found = await ofProvider(`https://127.0.0.1:${port}/`)
  t.regex(causeOf(found), /^TypeError: .*\(ERR_SSL_WRONG_VERSION_NUMBER\)$/s)
})

test('an OpenID provider that answers with an error or names another issuer', async (t) => {
  const answer: RequestListener = ({ url = '' }, response) => {
    response.statusCode = url.startsWith('/missing') ? 404 : 200
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ issuer: `${issuer}/realm` }))
  }
  const port = await listen(t, createServer(answer))
  const issuer = `http://127.0.0.1:${port}`
  const missing = await ofProvider(`${issuer}/missing`)
  t.is(missing.code, 'OAUTH_RESPONSE_IS_NOT_CONFORM')
  t.is(missing.cause, `HTTP 404 from ${issuer}/missing/.well-known/openid-configuration`)
  const other = await ofProvider(`${issuer}/realm/`)
  t.is(other.code, 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
  t.is(other.cause, `issuer is ${issuer}/realm, expected ${issuer}/realm/`)
})

test('addresses of one host that all fail', (t) => {
  const errors = ['::1', '127.0.0.1'].map((address) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}:1`), { code: 'ECONNREFUSED' }),
  )
  const error = new StoreUnavailableError('down', { cause: new AggregateError(errors) })
  t.deepEqual(describeError(error, log), {
    error: 'StoreUnavailableError',
    code: 'store_unavailable',
    message: 'down',
    cause:
      'connect ECONNREFUSED ::1:1 (ECONNREFUSED); connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED)',
    stack: undefined,
  })
})

test('causes that lead back to themselves, and values that are no errors', (t) => {
  const error = new Error('first', { cause: new Error('second') })
  ;(error.cause as Error).cause = error
  t.is(describeError(error, log).cause, 'second')
  t.is(describeError(new Error('first', { cause: 'text' }), log).cause, undefined)
  t.deepEqual(describeError('text', log), { error: 'not an Error' })
  t.deepEqual(describeError(undefined, log), { error: 'not an Error' })
})

test('no connection string, credentials or query is logged', (t) => {
  for (const url of [
    'mongodb://ann:hunter2@a:1,b:2/db?authSource=hunter2',
    'mongodb+srv://ann:hunter2@host/db',
    'redis://:hunter2@host:1/0',
    'rediss+sentinel://ann:hunter2/with/slash@host:1/name',
    'valkey://ann:hunter2@host',
    'https://ann:hunter2@id.example/token?client_secret=hunter2&code=hunter2',
    'http://id.example/callback#access_token=hunter2',
  ]) {
    const error = new Error(`cannot use "${url}" now`, { cause: new Error(`at ${url}: bad`) })
    const text = JSON.stringify(describeError(error, debugLog))
    t.false(text.includes('hunter2'), text)
    t.true(text.includes('now') && text.includes('bad'), text)
  }
  const kept = 'unexpected response from https://id.example/realms/a?b=c'
  t.is(describeError(new Error(kept), log).message, kept.slice(0, -4))
})

test('the stack is logged at debug, as lines', (t) => {
  t.is(describeError(new Error('text'), log).stack, undefined)
  const { stack } = describeError(new Error('text'), debugLog)
  t.is(stack?.[0], 'Error: text')
  t.regex(stack?.[1] ?? '', /^ +at /)
})
