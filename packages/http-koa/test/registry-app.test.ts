import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { membersOf, post } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'
import { router } from './registry-app.ts'

test('docs/client-authentication.md shows a router with a registry', async (t) => {
  const text = await readFile(new URL('../test/registry-app.ts', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const path = '../../../docs/client-authentication.md'
  const docs = await readFile(new URL(path, import.meta.url), 'utf8')
  t.true(docs.includes(`\`\`\`ts\n${shown.trim()}\n\`\`\``))
})

test('that router knows its clients', async (t) => {
  const server = createServer(new Koa().use(router.routes()).callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  for (const [client_id, expected] of [
    ['acme-cli', undefined],
    ['stranger', 'invalid_client'],
    ['', 'invalid_request'],
  ] as const) {
    const answer = await post(url, '/oauth/device/authorize', { client_id })
    t.is(membersOf(answer)['error'], expected)
  }
})
