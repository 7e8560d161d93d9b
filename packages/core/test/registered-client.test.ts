import {
  createStaticClientRegistry,
  isMethodOf,
  isSecretOf,
  type RegisteredClient,
} from '@device-grant/core'
import test from 'ava'
import { sha256 } from '#src/crypto.js'
import { refuseClient } from '#src/rules/registered-client.js'

const client = (changes: Partial<RegisteredClient> = {}): RegisteredClient => ({
  clientId: 'acme-cli',
  name: { text: 'Acme CLI' },
  authentication: { method: 'none' },
  ...changes,
})

const secretClient = (...secrets: string[]): RegisteredClient =>
  client({
    authentication: { method: 'client_secret_basic', secretHashes: secrets.map(sha256) },
  })

test('a client is refused for what the registry says of it', (t) => {
  const networks = { has: (address: string) => address.startsWith('192.0.2.') }
  const inside = { address: '192.0.2.1' }
  for (const [known, device, refusal] of [
    [undefined, {}, 'invalid_client'],
    [client(), {}, undefined],
    [client(), { webOrigin: 'https://app.example' }, undefined],
    [client({ usesDeviceGrant: false }), {}, 'unauthorized_client'],
    [client({ mayBeWebPage: false }), {}, undefined],
    [client({ mayBeWebPage: false }), { webOrigin: 'https://a.example' }, 'unauthorized_client'],
    [client({ mayBeWebPage: false }), { webOrigin: 'null' }, 'unauthorized_client'],
    [client({ networks }), inside, undefined],
    [client({ networks }), { address: '198.51.100.1' }, 'access_denied'],
    [client({ networks }), {}, 'access_denied'],
    // The address of a proxy that is not trusted says nothing about the device.
    [client({ networks }), { ...inside, unlistedProxy: '192.0.2.1' }, 'access_denied'],
  ] as const) {
    t.is(refuseClient(known, { device }), refusal, JSON.stringify([known, device]))
  }
})

test('a client with a secret may send it either way, and no other client may', (t) => {
  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    t.true(isMethodOf(secretClient('s'), method))
    t.false(isMethodOf(client(), method))
  }
  t.false(isMethodOf(secretClient('s'), 'none'))
  t.false(isMethodOf(secretClient('s'), 'private_key_jwt'))
  t.true(isMethodOf(client(), 'none'))
  const keys = { jwksUri: 'https://acme.example/jwks' }
  const withKeys = client({ authentication: { method: 'private_key_jwt', keys } })
  t.true(isMethodOf(withKeys, 'private_key_jwt'))
  t.false(isMethodOf(withKeys, 'none'))
})

test('both secrets of a rotation work, and nothing else does', (t) => {
  const rotating = secretClient('old', 'new')
  t.true(isSecretOf(rotating, 'old'))
  t.true(isSecretOf(rotating, 'new'))
  for (const wrong of ['', 'ol', sha256('old'), 'old ']) t.false(isSecretOf(rotating, wrong))
  t.false(isSecretOf(client(), ''))
  t.false(isSecretOf(secretClient(), ''))
})

test('a static registry finds clients by their exact id', async (t) => {
  const registry = createStaticClientRegistry([client(), client({ clientId: 'constructor' })])
  t.is((await registry.find('acme-cli'))?.clientId, 'acme-cli')
  t.is((await registry.find('constructor'))?.clientId, 'constructor')
  for (const unknown of ['Acme-CLI', '', 'toString', '__proto__']) {
    t.is(await registry.find(unknown), undefined)
  }
  t.throws(() => createStaticClientRegistry([client(), client()]), {
    instanceOf: RangeError,
    message: 'Two clients have the id acme-cli',
  })
})
