import 'reflect-metadata'
import { createStaticClientRegistry, TOKENS } from '@device-grant/core'
import { bind, memoryStateModule } from '@device-grant/core/inversify'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { membersOf, post, send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { Container } from 'inversify'
import { createClientIdentification } from '#src/client-identification.js'
import { encoded, hashOf, SECRET } from './sample-clients.ts'
import { tempFolder } from './temp-folder.ts'
import { startTestServer } from './test-server.ts'

test('clients authenticate only if the container has a registry of them', (t) => {
  const container = new Container()
  container.load(memoryStateModule())
  bind(container, TOKENS.Clock).toConstantValue({ now: Date.now })
  t.is(createClientIdentification(container, {}), undefined)
  bind(container, TOKENS.ClientRegistry).toConstantValue(createStaticClientRegistry([]))
  t.true(createClientIdentification(container, {})?.methods.includes('private_key_jwt'))
})

test('the clients of CLIENTS_FILE authenticate, and the log counts those that are refused', async (t) => {
  const folder = await tempFolder(t)
  const client = {
    client_id: 'acme-build',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret_hashes: [`sha256:${hashOf(SECRET)}`],
  }
  const CLIENTS_FILE = await folder.write('clients.json', { clients: [client] })
  const server = await startTestServer({ CLIENTS_FILE })
  t.teardown(server.stop)
  const { url } = server
  const ask = async (sent: Record<string, string>, headers = {}) =>
    membersOf(await post(url, AUTHORIZE, sent, headers))['error']
  t.is(await ask({}, encoded('acme-build', SECRET)), undefined)
  t.is(await ask({ client_id: 'acme-build', client_secret: SECRET }), undefined)
  t.is(await ask({ client_id: 'acme-build' }), 'invalid_client')
  t.is(await ask({ client_id: 'stranger' }), 'invalid_client')
  t.is(await ask({}), 'invalid_request')
  const path = '/.well-known/openid-configuration'
  const metadata = membersOf(await send(url, { method: 'GET', path }))
  t.is((metadata['token_endpoint_auth_methods_supported'] as unknown[]).length, 4)
  await server.stop()
  const [line = '{}'] = server.log.filter((text) => text.includes('clients refused'))
  t.like(JSON.parse(line), { wrong_method: 1, unknown_client: 1, lastClientId: 'acme-build' })
})
