import type { AddressInfo } from 'node:net'
import { GRANT_TYPE } from '@device-grant/test-support/endpoints'
import { Redis } from 'ioredis'
import Provider from 'oidc-provider'
import { redisAdapterOf } from './oidc-provider-redis-adapter.ts'

// The comparison for whole logins: the device flow of `oidc-provider`, with its sign-in for development.
interface GrantContext {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
  }
}

/** Grants consent, so that a person only signs in and confirms. */
const loadExistingGrant = async ({ oidc }: GrantContext): Promise<unknown> => {
  const { accountId } = oidc.session
  const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId })
  grant.addOIDCScope('read')
  await grant.save()
  return grant
}

const client = new Redis(process.argv[2] ?? '', { keyPrefix: 'oidc:' })
const provider = new Provider('http://127.0.0.1', {
  adapter: redisAdapterOf(client),
  clients: [
    {
      client_id: 'bench',
      token_endpoint_auth_method: 'none',
      grant_types: [GRANT_TYPE],
      response_types: [],
      redirect_uris: [],
    },
  ],
  features: { deviceFlow: { enabled: true } },
  findAccount: async (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant,
  scopes: ['openid', 'read'],
  ttl: { AccessToken: 3600, DeviceCode: 600, Grant: 3600, Interaction: 600, Session: 3600 },
})
const server = provider.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
server.keepAliveTimeout = 75_000
process.once('disconnect', () => process.exit())
