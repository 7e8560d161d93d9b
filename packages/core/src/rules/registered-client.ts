import { isSameText, sha256 } from '../crypto.ts'
import type { DeviceAuthorizationRequest } from './device-authorization-request.ts'
import type { LocalizedText } from './localized-text.ts'

/** How a client proves who it is (RFC 6749 section 2.3, RFC 7523). */
export type ClientAuthentication =
  /** A public client. Any program can send its id. */
  | { readonly method: 'none' }
  | {
      /** The client may send its secret either way. */
      readonly method: 'client_secret_basic' | 'client_secret_post'
      /** SHA-256 of each secret, base64url. Two at a time allow a rotation. */
      readonly secretHashes: readonly string[]
    }
  | {
      readonly method: 'private_key_jwt'
      /** The client's public keys (RFC 7517), or where they are. */
      readonly keys:
        | { readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } }
        | { readonly jwksUri: string }
    }

/** A client that the operator knows. */
export interface RegisteredClient {
  readonly clientId: string
  /** The name that people see. */
  readonly name: LocalizedText
  /** The URL of its home page. */
  readonly homepage?: string | undefined
  /** Its logo as a file. */
  readonly logo?: { readonly mediaType: string; readonly body: Uint8Array } | undefined
  readonly authentication: ClientAuthentication
  /**
   * Whether it may use the device authorization grant.
   * @default true
   */
  readonly usesDeviceGrant?: boolean | undefined
  /**
   * The scopes that it may have.
   * @default every scope of the catalogue, or any scope where there is none
   */
  readonly scopes?: readonly string[] | undefined
  /**
   * The scopes that it gets if it asks for none.
   * @default the default scopes of the catalogue that it may have
   */
  readonly defaultScopes?: readonly string[] | undefined
  /**
   * The resources that its keys may be for, as URIs (RFC 8707).
   * @default the resources of the server
   */
  readonly resources?: readonly string[] | undefined
  /**
   * How long its keys may work, in milliseconds. The first one is preselected.
   * @default keyLifetimesMs of the policy
   */
  readonly keyLifetimesMs?: readonly number[] | undefined
  /**
   * The addresses from which its devices may ask for codes.
   * @default all addresses
   */
  readonly networks?: { has(address: string): boolean } | undefined
  /**
   * The addresses at which its devices count as near, wherever the person is.
   * @default none
   */
  readonly trustedNetworks?: { has(address: string): boolean } | undefined
  /**
   * Whether it is a service that may ask whose a key is (RFC 7662). It must authenticate.
   * @default false
   */
  readonly mayIntrospect?: boolean | undefined
  /**
   * Whether it may be a web page.
   * @default true
   */
  readonly mayBeWebPage?: boolean | undefined
}

/** Why a client gets no code (RFC 6749 section 5.2, RFC 8628 section 3.2). */
export type ClientRefusal =
  /** The registry does not know the client. */
  | 'invalid_client'
  /** It may not use this grant, or may not be a web page. */
  | 'unauthorized_client'
  /** Its devices may not ask from this address. */
  | 'access_denied'

/** Whether a client may use the device authorization grant. `client` is what the registry knows of it. */
export const mayUseDeviceGrant = (client: RegisteredClient | undefined): boolean =>
  client !== undefined && client.usesDeviceGrant !== false

/** Tells whether a client may ask for a device code. `client` is what the registry knows of it. */
export const refuseClient = (
  client: RegisteredClient | undefined,
  { device }: Pick<DeviceAuthorizationRequest, 'device'>,
): ClientRefusal | undefined => {
  if (!client) return 'invalid_client'
  const { mayBeWebPage = true, networks } = client
  if (!mayUseDeviceGrant(client) || (!mayBeWebPage && device.webOrigin !== undefined)) {
    return 'unauthorized_client'
  }
  const { address, unlistedProxy } = device
  // The address of a proxy that is not trusted is not the address of the device.
  const isAdmitted = unlistedProxy === undefined && address !== undefined && networks?.has(address)
  return networks && !isAdmitted ? 'access_denied' : undefined
}

/** Whether a client may authenticate by a secret, or by none. A secret may be sent either way. */
export const isMethodOf = (
  { authentication }: RegisteredClient,
  method: ClientAuthentication['method'],
): boolean =>
  authentication.method === method ||
  ('secretHashes' in authentication &&
    (method === 'client_secret_basic' || method === 'client_secret_post'))

/** Whether a text is a secret of the client. Every hash is compared, each in constant time. */
export const isSecretOf = ({ authentication }: RegisteredClient, secret: string): boolean => {
  const hash = sha256(secret)
  const hashes = 'secretHashes' in authentication ? authentication.secretHashes : []
  return hashes.map((kept) => isSameText(kept, hash)).includes(true)
}
