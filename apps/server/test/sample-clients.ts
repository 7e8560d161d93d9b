import { createHash } from 'node:crypto'
import type { RegisteredClient } from '@device-grant/core'
import { basic } from '@device-grant/test-support/authorization-header'
import { type Answer, post } from '@device-grant/test-support/http-exchange'
import { newSigningKey, type SigningKey, signAssertion, withAssertion } from './client-assertion.ts'
import type { RegistryServer } from './registry-setting.ts'

type Parameters = Readonly<Record<string, string>>

/** The part of a request that identifies its client. */
export interface Identification {
  readonly parameters?: Parameters
  readonly headers?: Readonly<Record<string, string>>
}

export const hashOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

export const SECRET = 's+3/cr%t'
export const NEW_SECRET = 'the second one'

/** Generated once, because RSA keys take long. */
export const keys = {
  rsa: await newSigningKey('RS256', 'rsa'),
  pss: await newSigningKey('PS512', 'pss'),
  ec: await newSigningKey('ES256', 'ec'),
  ed: await newSigningKey('EdDSA', 'ed'),
  // Two keys that only a trial tells apart.
  one: await newSigningKey('ES384'),
  two: await newSigningKey('ES384'),
  /** It is registered nowhere. */
  foreign: await newSigningKey('ES256', 'ec'),
} as const

export const registered = (
  clientId: string,
  authentication: RegisteredClient['authentication'],
): RegisteredClient => ({ clientId, name: { text: clientId }, authentication })

const secretHashes = [hashOf(SECRET), hashOf(NEW_SECRET)]
export const jwksOf = (...own: readonly SigningKey[]) => ({ keys: own.map(({ jwk }) => jwk) })

export const CLIENTS: readonly RegisteredClient[] = [
  registered('cli', { method: 'none' }),
  registered('a+b', { method: 'none' }),
  registered('my cli', { method: 'client_secret_basic', secretHashes }),
  registered('poster', { method: 'client_secret_post', secretHashes }),
  registered('signer', {
    method: 'private_key_jwt',
    keys: { jwks: jwksOf(keys.rsa, keys.pss, keys.ec, keys.ed, keys.one, keys.two) },
  }),
  registered('broken', {
    method: 'private_key_jwt',
    keys: { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: '', y: '' }] } },
  }),
]

export const encoded = (id: string, secret: string) =>
  basic(`${new URLSearchParams({ id })}:${new URLSearchParams({ secret })}`.replace(/\w+=/g, ''))

export const asserting =
  (
    claims: Readonly<Record<string, unknown>> = {},
    {
      key = keys.ec,
      parameters = {},
      header,
      clientId = 'signer',
    }: {
      readonly key?: SigningKey
      readonly parameters?: Parameters
      readonly header?: Readonly<Record<string, string>>
      readonly clientId?: string
    } = {},
  ) =>
  async ({ url, clock }: RegistryServer): Promise<Identification> => {
    const now = clock.now()
    const assertion = await signAssertion({ clientId, audience: url, now, key, claims, header })
    return { parameters: { ...withAssertion(assertion), ...parameters } }
  }

/** Sends a request as a client, with more parameters. */
export const sendAs = (
  { url }: RegistryServer,
  path: string,
  { parameters = {}, headers = {} }: Identification,
  more: Parameters = {},
): Promise<Answer> => post(url, path, { ...parameters, ...more }, headers)
