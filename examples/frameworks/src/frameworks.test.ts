import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { bearer } from '@device-grant/test-support/authorization-header'
import { authorize, pickUp } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import test from 'ava'
import { startExpress } from './express.ts'
import { startFastify } from './fastify.ts'
import { startHono } from './hono.ts'
import { startNest } from './nest.ts'

const docs = await readFile(new URL('../../../docs/frameworks.md', import.meta.url), 'utf8')

const STARTS: Readonly<Record<string, (port: number) => Promise<Server>>> = {
  express: startExpress,
  fastify: startFastify,
  hono: startHono,
  nest: startNest,
}

for (const name of ['device-grant', ...Object.keys(STARTS)]) {
  test(`docs/frameworks.md shows ${name}.ts`, async (t) => {
    const text = await readFile(new URL(`../src/${name}.ts`, import.meta.url), 'utf8')
    t.true(docs.includes(`\`\`\`ts\n${text}\`\`\``))
  })
}

for (const [name, start] of Object.entries(STARTS)) {
  test(`${name}: a device logs in below a path, and its key opens an API`, async (t) => {
    const port = await freePort()
    const server = await start(port)
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    const origin = `http://127.0.0.1:${port}`
    const codes = await authorize(`${origin}/auth`, { client_id: 'cli', scope: 'reports:read' })
    t.is(codes.verification_uri, `${origin}/auth/oauth/device/verify`)
    await decide(`${origin}/auth`, codes.user_code, 'approve', 'ann')
    const key = await pickUp(`${origin}/auth`, codes.device_code)
    const reports = (headers: Readonly<Record<string, string>>) =>
      send(origin, { method: 'GET', path: '/api/reports', headers })
    const passed = await reports(bearer(key))
    t.is(passed.status, 200)
    t.deepEqual(membersOf(passed), { reports: [], owner: 'ann' })
    const without = await reports({})
    t.is(without.status, 401)
    t.is(without.headers['www-authenticate'], 'Bearer realm="device-grant"')
    t.is(membersOf(without)['error'], 'unauthorized')

    const other = await authorize(`${origin}/auth`, { client_id: 'cli', scope: 'other' })
    await decide(`${origin}/auth`, other.user_code, 'approve', 'ann')
    const lacking = await reports(bearer(await pickUp(`${origin}/auth`, other.device_code)))
    t.is(lacking.status, 403)
    t.is(membersOf(lacking)['error'], 'insufficient_scope')
    for (const answer of [passed, without, lacking]) {
      t.is(answer.headers['cache-control'], 'no-store')
    }

    const path = '/.well-known/oauth-authorization-server/auth'
    const metadata = await send(origin, { method: 'GET', path })
    t.is(membersOf(metadata)['issuer'], `${origin}/auth`)
    const headers = { 'content-type': 'application/json' }
    const echo = await send(origin, { path: '/api/echo', headers, body: '{"a":1}' })
    t.deepEqual(membersOf(echo), { a: 1 })
  })
}
