import type { Clock, OnError } from '@device-grant/core'
import * as client from 'openid-client'
import { describeOidcError } from './oidc-errors.ts'

/** The client that is registered at the provider. */
export interface OidcDiscoveryOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | (() => string)
  readonly clock: Clock
  readonly onError: OnError
}

/** How long the provider's metadata is used before it is fetched again, in milliseconds. */
const MAX_AGE_MS = 3_600_000
const TIMEOUT_SECONDS = 10

/**
 * Makes the function that returns the provider's configuration. It fetches the metadata at the first
 * call and again every hour, and keeps the old one if that fails.
 */
export const oidcDiscovery = ({
  issuer,
  clientId,
  clientSecret,
  clock,
  onError,
}: OidcDiscoveryOptions): (() => Promise<client.Configuration>) => {
  const allowHttp = new URL(issuer).protocol === 'http:'
  let found: { readonly config: client.Configuration; readonly until: number } | undefined
  let inProgress: Promise<client.Configuration> | undefined
  const discover = async (): Promise<client.Configuration> => {
    try {
      const config = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        clientAuthentication(clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          execute: [
            client.enableNonRepudiationChecks,
            ...(allowHttp ? [client.allowInsecureRequests] : []),
          ],
        },
      )
      found = { config, until: clock.now() + MAX_AGE_MS }
      return config
    } catch (error) {
      if (!found) throw error
      onError(describeOidcError(error), 'look at the OpenID provider again')
      return found.config
    } finally {
      inProgress = undefined
    }
  }
  return async () => {
    if (found && clock.now() < found.until) return found.config
    inProgress ??= discover()
    return inProgress
  }
}

/**
 * Authenticates with `client_secret_basic`, which every provider with client secrets must support
 * (RFC 6749 section 2.3.1), unless its metadata offers only other methods.
 */
const clientAuthentication = (
  clientSecret: OidcDiscoveryOptions['clientSecret'],
): client.ClientAuth => {
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const useBasic = methods.includes('client_secret_basic')
    const secret = typeof clientSecret === 'string' ? clientSecret : clientSecret()
    const method = useBasic ? client.ClientSecretBasic : client.ClientSecretPost
    return method(secret)(server, ...rest)
  }
}
