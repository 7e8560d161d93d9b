import { createServer } from 'node:http'
import {
  createMemoryStores,
  createStaticClientRegistry,
  createUseCases,
  type DeviceAuthorizationRequest,
  type RegisteredClient,
  type ScopeCatalogue,
  type UseCaseDependencies,
} from '@device-grant/core'
import { createDeviceGrantRouter, type SignInFactory } from '@device-grant/http-koa'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'

const clock = { now: Date.now }

const alice: SignInFactory = () => ({
  person: async () => ({ id: 'alice', name: 'Alice', binding: 'alice' }),
  begin: async () => {},
})

const ACME: RegisteredClient = {
  clientId: 'acme-cli',
  name: { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile' } },
  homepage: 'https://acme.example',
  authentication: { method: 'none' },
  keyLifetimesMs: [3_600_000, 86_400_000],
}

const CATALOGUE: ScopeCatalogue = {
  scopes: () =>
    new Map([
      ['projects:delete', { description: { text: 'Delete your projects' }, sensitive: true }],
      [
        'projects:read',
        {
          description: { text: 'See your projects', translations: { de: 'Ihre Projekte sehen' } },
          required: true,
          default: true,
        },
      ],
    ]),
}

interface Service {
  /** The answer about the code of a request. */
  review(
    request: Partial<DeviceAuthorizationRequest>,
    language?: Partial<Record<'query' | 'header', string>>,
  ): Promise<Record<string, unknown>>
}

const serve = async (
  t: ExecutionContext,
  ports: Partial<UseCaseDependencies> = {},
  trustedClients: Readonly<Record<string, string>> = {},
): Promise<Service> => {
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock, ...ports })
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl: 'http://localhost',
    signIn: alice,
    sessionSecret: 'only for this test, but long enough',
    trustedClients,
  })
  const server = createServer(new Koa().use(router.routes()).callback())
  t.teardown(() => void server.close())
  const url = await listen(server)
  return {
    review: async (request, { query = '', header } = {}) => {
      const { userCode } = issued(await useCases.authorizeDevice({ device: {}, ...request }))
      return membersOf(
        await send(url, {
          path: `/oauth/device/review${query}`,
          body: JSON.stringify({ user_code: userCode }),
          headers: {
            'content-type': 'application/json',
            ...(header === undefined ? {} : { 'accept-language': header }),
          },
        }),
      )
    },
  }
}

const registered = { clients: createStaticClientRegistry([ACME]), scopes: CATALOGUE }
const REQUEST = { clientId: 'acme-cli', scope: 'projects:read projects:delete' }

test('a registered client and known scopes are shown with their texts', async (t) => {
  const { review } = await serve(t, registered)
  t.like(await review(REQUEST), {
    client: {
      client_id: 'acme-cli',
      name: 'Acme CLI',
      homepage: 'https://acme.example',
      verified: false,
    },
    scopes: [
      {
        name: 'projects:delete',
        description: 'Delete your projects',
        required: false,
        sensitive: true,
      },
      {
        name: 'projects:read',
        description: 'See your projects',
        required: true,
        sensitive: false,
        default: true,
      },
    ],
    lifetimes: [3_600, 86_400],
  })
})

test('only a client that authenticated is verified', async (t) => {
  const { review } = await serve(t, registered)
  const { client } = await review({ ...REQUEST, clientAuthenticated: true })
  t.like(client, { client_id: 'acme-cli', verified: true })
})

for (const language of [{ query: '?ui_locales=de' }, { header: 'de-AT, en;q=0.5' }]) {
  test(`texts are in the language of the request: ${JSON.stringify(language)}`, async (t) => {
    const { review } = await serve(t, registered)
    const { client, scopes } = await review(REQUEST, language)
    t.like(client, { name: 'Acme-Kommandozeile' })
    t.like(scopes, [
      { description: 'Delete your projects' },
      { description: 'Ihre Projekte sehen' },
    ])
  })
}

test('without a registry the client has the name of trustedClients, or none', async (t) => {
  const { review } = await serve(t, {}, { 'acme-cli': 'The Acme CLI' })
  const trusted = await review({ clientId: 'acme-cli' })
  t.deepEqual(trusted['client'], { client_id: 'acme-cli', name: 'The Acme CLI', verified: false })
  for (const clientId of ['other', 'constructor', '__proto__']) {
    const { client } = await review({ clientId })
    t.deepEqual(client, { client_id: clientId, verified: false })
  }
})

test('without an address there is no telling whether the networks are the same', async (t) => {
  const { review } = await serve(t)
  const members = await review({})
  t.false('address' in members || 'same_network' in members)
  t.is(members['you_are_at'], '127.0.0.1')
})
