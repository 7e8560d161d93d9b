import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  connect,
  createMongoCutOffStore,
  ensureIndexes,
  MongoApiKeyStore,
} from '@device-grant/adapter-mongo'
import { createMemoryStores, createPolicy, createUseCases, formatApiKey } from '@device-grant/core'
import { freePort } from '@device-grant/test-support/free-port'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import { mongoServer, withDatabase } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { tempFolder } from './temp-folder.ts'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const server = await mongoServer('the commands of operators')
// One after another, because each starts several processes.
const testWithMongo = server === undefined ? test.skip : test.serial
test.after.always(() => server?.stop())

type Env = Readonly<Record<string, string>>

/** Runs a command as a person does. */
const run = async (t: ExecutionContext, args: string, { env = {} as Env, input = '' } = {}) => {
  const program = spawnProgram(t, process.execPath, [MAIN, ...args.split(' ')], {
    env: { PATH: process.env['PATH'], ...env },
    input,
  })
  const status = await program.ended
  return { status, out: program.out(), err: program.err() }
}

/** A database of one test, with people who have keys in it. */
const aDatabase = async (t: ExecutionContext, name: string) => {
  const uri = withDatabase(String(server?.uri), `commands_${process.pid}_${name}`)
  const db = connect(uri)
  await ensureIndexes(db)
  t.teardown(async () => {
    await db.dropDatabase()
    await db.client.close()
  })
  const clock = { now: Date.now }
  const useCases = createUseCases({
    ...createMemoryStores({ clock }),
    // A busy machine must not fail a login.
    apiKeys: new MongoApiKeyStore(db, { timeoutMs: 30_000 }),
    cutOffs: createMongoCutOffStore(db, { timeoutMs: 30_000 }),
    clock,
    policy: createPolicy({ keyCheckMaxAgeMs: 0 }),
  })
  const approve = async (person: string, clientId?: string) => {
    const codes = issued(await useCases.authorizeDevice({ clientId, device: {} }))
    const { userCode } = codes
    await useCases.answerUserCode({ userCode, person, decision: 'approve' })
    return { deviceCode: codes.deviceCode, clientId }
  }
  const logIn = async (person: string, clientId?: string) => {
    const reply = await useCases.pollForToken(await approve(person, clientId))
    if (reply.outcome !== 'granted') throw new Error(reply.outcome)
    return reply
  }
  const outcomeOf = async (apiKey: string) => (await useCases.authenticateApiKey(apiKey)).outcome
  return { env: { MONGODB_URI: uri }, useCases, approve, logIn, outcomeOf }
}

const rowsOf = (table: string): readonly (readonly string[])[] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/))

testWithMongo('keys are listed by owner, client and status, for people and as JSON', async (t) => {
  const { env, logIn, useCases } = await aDatabase(t, 'list')
  const first = await logIn('ann', 'acme')
  await useCases.authenticateApiKey(first.apiKey)
  const second = await logIn('ann', 'other')
  const third = await logIn('bob', 'acme')
  const [all, byOwner, byClient, byStatus, json] = await Promise.all([
    run(t, 'keys list', { env }),
    run(t, 'keys list --owner ann', { env }),
    run(t, 'keys list --client acme', { env }),
    run(t, 'keys list --owner ann --status active', { env }),
    run(t, 'keys list --owner ann --limit 1 --json', { env }),
  ])
  const idsOf = ({ out }: { readonly out: string }) => rowsOf(out).map(([id]) => id)
  t.deepEqual(idsOf(all), ['ID', third.keyId, second.keyId, first.keyId])
  t.deepEqual(idsOf(byOwner), ['ID', second.keyId, first.keyId])
  t.deepEqual(idsOf(byClient), ['ID', third.keyId, first.keyId])
  t.deepEqual(idsOf(byStatus), ['ID', first.keyId])
  t.deepEqual(rowsOf(all.out)[1]?.slice(1, 5), ['unused', 'bob', 'acme', '-'])
  const page = JSON.parse(json.out)
  t.like(page.keys[0], { id: second.keyId, owner: 'ann', client_id: 'other', status: 'unused' })
  const rest = await run(t, `keys list --owner ann --json --after ${page.next}`, { env })
  t.deepEqual(
    JSON.parse(rest.out).keys.map(({ id }: { readonly id: string }) => id),
    [first.keyId],
  )
  const people = await run(t, 'keys list --owner ann --limit 1', { env })
  t.is(people.err, `There may be more keys: add --after ${page.next}\n`)
  for (const { status, out, err } of [all, byOwner, byClient, byStatus, json, rest]) {
    t.is(status, 0)
    t.is(err, '')
    t.notRegex(out, /hash|salt|secret/i)
    for (const { apiKey } of [first, second, third]) t.false(out.includes(apiKey.slice(-49)))
  }
  const none = await run(t, 'keys list --owner nobody', { env })
  t.deepEqual(none, { status: 0, out: '', err: 'No keys\n' })
})

testWithMongo('a table shows no control characters of owners and clients', async (t) => {
  const { env, logIn } = await aDatabase(t, 'control')
  await logIn('ann\u001b[31m\nroot', 'a\u202ecme')
  const { out } = await run(t, 'keys list', { env })
  t.is(out.trim().split('\n').length, 2)
  t.true(out.includes('ann\ufffd[31m\ufffdroot'))
  for (const character of ['\u001b', '\u202e']) t.false(out.includes(character))
})

testWithMongo('one key is shown by its id, or by the key itself', async (t) => {
  const { env, logIn } = await aDatabase(t, 'show')
  const { apiKey, keyId } = await logIn('ann', 'acme')
  const wrong = formatApiKey({ prefix: 'dg_', keyId, secret: new Uint8Array(32) })
  const [byId, byKey, unknown, forged, json] = await Promise.all([
    run(t, `keys show --id ${keyId}`, { env }),
    run(t, 'keys show --key', { env, input: `${apiKey}\n` }),
    run(t, 'keys show --id 0000000000000000000000', { env }),
    run(t, 'keys show --key', { env, input: wrong }),
    run(t, `keys show --id ${keyId} --json`, { env }),
  ])
  t.is(byId.status, 0)
  const shown = Object.fromEntries(rowsOf(byId.out))
  t.like(shown, { id: keyId, owner: 'ann', client_id: 'acme', status: 'unused' })
  t.deepEqual(byKey, byId)
  t.like(JSON.parse(json.out), { id: keyId, owner: 'ann' })
  for (const answer of [unknown, forged]) {
    t.deepEqual(answer, { status: 3, out: '', err: 'There is no such key\n' })
  }
})

testWithMongo('a leaked key is revoked by itself, and is never printed', async (t) => {
  const { env, logIn, outcomeOf } = await aDatabase(t, 'leaked')
  const { apiKey, keyId } = await logIn('ann', 'acme')
  const forged = formatApiKey({ prefix: 'dg_', keyId, secret: new Uint8Array(32) })
  const mistyped = apiKey.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  for (const input of [forged, mistyped, keyId]) {
    const { status, out, err } = await run(t, 'keys revoke --key', { env, input })
    t.deepEqual([status, out, err], [3, '', 'There is no such key\n'])
    t.is(await outcomeOf(apiKey), 'valid')
  }
  const revoked = await run(t, 'keys revoke --key', { env, input: `  ${apiKey}\n` })
  t.deepEqual([revoked.status, revoked.out], [0, 'Revoked 1 key\n'])
  t.false(revoked.err.includes(apiKey.slice(-49)))
  t.is(await outcomeOf(apiKey), 'revoked')
  const again = await run(t, 'keys revoke --key --json', { env, input: apiKey })
  t.deepEqual(again, { status: 0, out: '{"revoked":0}\n', err: '' })
})

testWithMongo('keys are revoked by id, by client and by owner, picked up or not', async (t) => {
  const { env, logIn, approve, outcomeOf, useCases } = await aDatabase(t, 'revoke')
  const byId = await logIn('ann', 'acme')
  const byClient = await logIn('ann', 'acme')
  const byOwner = await logIn('ann', 'other')
  const waiting = await approve('ann')
  const bobs = await logIn('bob', 'other')
  t.is((await run(t, 'keys revoke --id nothing', { env })).status, 3)
  t.is((await run(t, `keys revoke --id ${byId.keyId}`, { env })).out, 'Revoked 1 key\n')
  t.is((await run(t, `keys revoke --id ${byId.keyId}`, { env })).out, 'Revoked 0 keys\n')
  t.is(await outcomeOf(byClient.apiKey), 'valid')
  t.is((await run(t, 'keys revoke --client acme', { env })).out, 'Revoked 1 key\n')
  t.is(await outcomeOf(byOwner.apiKey), 'valid')
  const revoked = await run(t, 'keys revoke --owner ann --json', { env })
  t.deepEqual([revoked.status, revoked.out], [0, '{"revoked":2}\n'])
  for (const { apiKey } of [byId, byClient, byOwner]) t.is(await outcomeOf(apiKey), 'revoked')
  t.is((await useCases.pollForToken(waiting)).outcome, 'access_denied')
  t.is(await outcomeOf(bobs.apiKey), 'valid')
})

/** The events that a command has written to standard error: the type, and the id of the key. */
const eventsIn = (err: string): readonly (readonly unknown[])[] =>
  err
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ audit, by, msg, keyId }) => [audit, by, msg, keyId])

testWithMongo('revoking and erasing are events, in the log and at the webhook', async (t) => {
  const { env, logIn } = await aDatabase(t, 'events')
  const first = await logIn('ann', 'acme')
  const second = await logIn('ann', 'acme')
  const third = await logIn('ann', 'acme')
  const received: (readonly unknown[])[] = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text) => {
      body += text
    })
    request.on('end', () => {
      const { type, data } = JSON.parse(body)
      received.push([type, data.keyId])
      response.end()
    })
  })
  const WEBHOOK_URL = await listen(receiver)
  t.teardown(() => {
    receiver.close()
    receiver.closeAllConnections()
  })
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const audited = { ...env, WEBHOOK_URL, WEBHOOK_SECRET }
  const byKey = await run(t, 'keys revoke --key', { env: audited, input: first.apiKey })
  t.deepEqual(eventsIn(byKey.err), [[true, 'operator', 'key_revoked', first.keyId]])
  const byId = await run(t, `keys revoke --id ${second.keyId}`, { env: audited })
  t.deepEqual(eventsIn(byId.err), [[true, 'operator', 'key_revoked', second.keyId]])
  const byOwner = await run(t, 'keys revoke --owner ann', { env: audited })
  t.deepEqual(eventsIn(byOwner.err), [[true, 'operator', 'key_revoked', third.keyId]])
  const erased = await run(t, 'keys erase --owner ann --json', { env: audited })
  const erasedIds = (events: readonly (readonly unknown[])[]): readonly unknown[] =>
    events.map((event) => event.at(-1)).toSorted()
  const all = [first, second, third].map(({ keyId }) => keyId)
  t.deepEqual(erasedIds(eventsIn(erased.err)), all.toSorted())
  t.is(erased.out, '{"erased":3}\n')
  t.deepEqual(
    received.slice(0, 3),
    all.map((keyId) => ['key_revoked', keyId]),
  )
  t.true(received.slice(3).every(([type]) => type === 'key_erased'))
  t.deepEqual(erasedIds(received.slice(3)), all.toSorted())
})

testWithMongo('a webhook that is down delays a command, and does not fail it', async (t) => {
  const { env, logIn, outcomeOf } = await aDatabase(t, 'events_down')
  const { apiKey } = await logIn('ann', 'acme')
  const { status, out, err } = await run(t, 'keys revoke --owner ann', {
    env: {
      ...env,
      WEBHOOK_URL: `http://127.0.0.1:${await freePort()}/hunter2`,
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    },
  })
  t.deepEqual([status, out], [0, 'Revoked 1 key\n'])
  t.regex(err, /"key_revoked".*"webhook events dropped"/s)
  t.false(err.includes('hunter2'))
  t.is(await outcomeOf(apiKey), 'revoked')
})

testWithMongo('the keys of a person are erased', async (t) => {
  const { env, logIn, outcomeOf } = await aDatabase(t, 'erase')
  const anns = await logIn('ann')
  const bobs = await logIn('bob')
  t.is((await run(t, 'keys erase --owner ann', { env })).out, 'Erased 1 key\n')
  t.is(await outcomeOf(anns.apiKey), 'no_such_key')
  t.is(await outcomeOf(bobs.apiKey), 'valid')
  t.is((await run(t, `keys show --id ${anns.keyId}`, { env })).status, 3)
  t.is((await run(t, 'keys erase --owner ann --json', { env })).out, '{"erased":0}\n')
})

testWithMongo('keys move to another database, and every one still works', async (t) => {
  const [from, to] = [await aDatabase(t, 'from'), await aDatabase(t, 'to')]
  const keys: Awaited<ReturnType<typeof from.logIn>>[] = []
  for (let round = 0; round < 10; round++) {
    keys.push(...(await Promise.all(Array.from({ length: 20 }, (_, i) => from.logIn(`p${i}`)))))
  }
  for (const { apiKey } of keys) t.is(await from.outcomeOf(apiKey), 'valid')
  const [revoked, late, ...active] = keys
  if (!revoked || !late) return t.fail()
  await from.useCases.revokeApiKey({ owner: 'p0', keyId: revoked.keyId })
  const erased = await from.logIn('erased')
  t.is((await run(t, 'keys erase --owner erased', { env: from.env })).status, 0)
  const unused = await from.logIn('unused')
  await from.approve('waiting')
  const file = join((await tempFolder(t)).path, 'keys')
  const exported = await run(t, `keys export ${file}`, { env: from.env })
  t.deepEqual(exported, {
    status: 0,
    out: 'Exported keys: 199 active, 1 revoked, 1 erased. Cut-offs: 1\n',
    err: 'Left behind: 1 claimed, 1 reserved. Their devices must log in again\n',
  })
  const again = await run(t, `keys export ${file} --json`, { env: from.env })
  t.deepEqual(again, { status: 1, out: '', err: 'The command failed: The file exists already\n' })
  const text = await readFile(file, 'utf8')
  for (const { apiKey } of [...keys, unused]) t.false(text.includes(apiKey.slice(-49, -6)))

  const imported = await run(t, `keys import ${file}`, { env: to.env })
  t.is(imported.out, 'Keys and cut-offs: 202 imported, 0 ended, 0 kept, 0 forgotten\n')
  for (const { apiKey } of [late, ...active]) t.is(await to.outcomeOf(apiKey), 'valid')
  t.is(await to.outcomeOf(revoked.apiKey), 'revoked')
  for (const { apiKey } of [erased, unused]) t.is(await to.outcomeOf(apiKey), 'no_such_key')

  await from.useCases.revokeApiKey({ owner: 'p1', keyId: late.keyId })
  const second = `${file}-2`
  t.is((await run(t, `keys export ${second} --json`, { env: from.env })).status, 0)
  const repeated = await run(t, `keys import ${second} --json`, { env: to.env })
  t.deepEqual(JSON.parse(repeated.out), { imported: 0, ended: 1, kept: 201, forgotten: 0 })
  t.is(await to.outcomeOf(late.apiKey), 'revoked')
  await writeFile(second, text.slice(0, -1_000))
  const broken = await run(t, `keys import ${second}`, { env: to.env })
  t.is(broken.status, 1)
  t.regex(broken.err, /^The command failed: Line \d+: /)
  t.is((await run(t, 'keys import --json', { env: to.env })).status, 2)
})

test.serial('a store that is down is one clear line, with status 1', async (t) => {
  const env = { MONGODB_URI: `mongodb://u:hunter2@127.0.0.1:${await freePort()}` }
  const commands = [
    'keys list',
    'keys show --id x',
    'keys revoke --owner ann',
    'keys erase --owner ann',
  ]
  const answers = await Promise.all(commands.map((command) => run(t, command, { env })))
  for (const { status, out, err } of answers) {
    t.is(status, 1)
    t.is(out, '')
    t.regex(err, /^The store of the keys failed: .*ECONNREFUSED.*may be run again\.\n$/)
    t.notRegex(err, /hunter2|^ +at /m)
  }
})

test.serial('wrong flags, and no store, end the program with status 2', async (t) => {
  const [flags, memory] = await Promise.all([
    run(t, 'keys list --ower ann', { env: { MONGODB_URI: 'mongodb://nowhere.invalid' } }),
    run(t, 'keys revoke --owner ann', { env: { STORES: 'memory' } }),
  ])
  t.deepEqual(flags, { status: 2, out: '', err: 'Unknown flag --ower. See --help.\n' })
  t.is(memory.status, 2)
  t.regex(memory.err, /^STORES=memory keeps the keys in the memory of the server/)
})

/** The findings of `check`: level and text, by part. */
const findingsIn = (out: string): readonly string[] =>
  rowsOf(out).map(([level, part, text]) => `${level} ${part}: ${text}`)

test.serial('check names what is missing, and what a restart loses', async (t) => {
  const { status, out } = await run(t, 'check', { env: { STORES: 'memory' } })
  t.is(status, 0)
  const findings = findingsIn(out)
  t.regex(findings[0] ?? '', /^ok settings: valid, for http:\/\/localhost:3000$/)
  for (const variable of ['SESSION_SECRET', 'REDIS_URL', 'MONGODB_URI']) {
    t.true(findings.some((text) => text.startsWith('warning ') && text.includes(variable)))
  }
})

test.serial('check fails if a store or the OpenID provider is down, and names each', async (t) => {
  const port = await freePort()
  const env = {
    MONGODB_URI: `mongodb://u:hunter2@127.0.0.1:${port}`,
    REDIS_URL: `redis://u:hunter2@127.0.0.1:${port}`,
    SESSION_SECRET: 'a secret of thirty-two characters',
    SIGN_IN: 'oidc',
    OIDC_ISSUER: `http://127.0.0.1:${port}`,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: 'hunter2 hunter2',
  }
  const [people, json] = await Promise.all([
    run(t, 'check', { env }),
    run(t, 'check --json', { env }),
  ])
  t.is(people.status, 1)
  for (const part of ['redis', 'mongodb', 'sign-in']) {
    t.true(
      findingsIn(people.out).some((text) => text.startsWith(`error ${part}: `)),
      part,
    )
  }
  t.notRegex(people.out + people.err, /hunter2|^ +at /m)
  t.is(json.status, 1)
  t.like(JSON.parse(json.out), { ok: false })
})

test.serial('check names wrong settings and files, with status 2', async (t) => {
  const folder = await tempFolder(t)
  const clients = await folder.write('clients.json', { clients: [{ client_id: 'acme' }] })
  const file = await folder.write('tokens.json', { tokens: [{ name: 'x', hash: 'sha256:short' }] })
  const [settings, files, tokens] = await Promise.all([
    run(t, 'check', { env: { PORT: 'x', LOG_LEVEL: 'loud' } }),
    run(t, 'check', { env: { CLIENTS_FILE: clients } }),
    run(t, 'check', { env: { ADMIN_TOKENS_FILE: file } }),
  ])
  t.is(settings.status, 2)
  t.regex(settings.err, /- PORT .*\n- LOG_LEVEL /)
  t.is(files.status, 2)
  t.regex(files.err, /- CLIENTS_FILE: clients\[0\] must have token_endpoint_auth_method/)
  t.is(tokens.status, 2)
  t.regex(tokens.err, /ADMIN_TOKENS_FILE: tokens\[0\]\.hash must be/)
})

const testWithStores = hasRedis ? testWithMongo : test.skip

testWithStores('check finds working stores, their indexes and the clock', async (t) => {
  const redis = await startRedisServer({ settings: ['maxmemory-policy allkeys-lru'] })
  t.teardown(redis.stop)
  const provider = createServer((_, response) => response.end(JSON.stringify({ issuer })))
  const issuer = await listen(provider)
  t.teardown(() => {
    provider.close()
    provider.closeAllConnections()
  })
  const { env: stores } = await aDatabase(t, 'check')
  const env = {
    ...stores,
    REDIS_URL: redis.url,
    SESSION_SECRET: 'a secret of thirty-two characters',
    SIGN_IN: 'oidc',
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: 'hush',
  }
  const [good, other] = await Promise.all([
    run(t, 'check', { env }),
    run(t, 'check', { env: { ...env, OIDC_ISSUER: `${issuer}/other` } }),
  ])
  t.is(good.status, 0, good.out)
  const findings = findingsIn(good.out)
  for (const part of ['settings', 'redis', 'clock', 'mongodb', 'indexes', 'sign-in']) {
    t.true(
      findings.some((text) => text.startsWith(`ok ${part}: `)),
      part,
    )
  }
  t.true(findings.some((text) => /^warning redis: maxmemory-policy is allkeys-lru/.test(text)))
  t.is(other.status, 1)
  t.regex(other.out, /^error +sign-in +OIDC_ISSUER is .* names http/m)
})

testWithMongo('check names an index that is in the way', async (t) => {
  const uri = withDatabase(String(server?.uri), `commands_${process.pid}_conflict`)
  const db = connect(uri)
  t.teardown(async () => {
    await db.dropDatabase()
    await db.client.close()
  })
  await db.collection('api_keys').createIndex({ keepUntil: 1 }, { name: 'keepUntil_1' })
  const { status, out } = await run(t, 'check', { env: { MONGODB_URI: uri } })
  t.is(status, 1)
  t.regex(out, /^ok +mongodb /m)
  t.regex(out, /^error +indexes +The indexes of .*api_keys cannot be created/m)
})
