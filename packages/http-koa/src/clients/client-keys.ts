import type { ClientAuthentication } from '@device-grant/core'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { RemoteKeys, type RemoteKeysOptions } from './remote-keys.ts'

type Keys = Extract<ClientAuthentication, { readonly method: 'private_key_jwt' }>['keys']

/** How many sets of remote keys are kept. */
const MAX_REMOTE = 1_000

/** The public keys of all clients. It keeps what it has imported and loaded. */
export class ClientKeys {
  readonly #options: Pick<RemoteKeysOptions, 'fetch' | 'clock'>
  readonly #local = new WeakMap<object, JWTVerifyGetKey>()
  readonly #remote = new Map<string, RemoteKeys>()

  constructor(options: Pick<RemoteKeysOptions, 'fetch' | 'clock'>) {
    this.#options = options
  }

  /**
   * How to find a key of a client.
   * @throws {errors.JWKSInvalid} if the registered keys are malformed
   */
  of(keys: Keys): JWTVerifyGetKey {
    return 'jwksUri' in keys ? this.#remoteKeys(keys.jwksUri).find : this.#localKeys(keys.jwks)
  }

  #localKeys(jwks: object): JWTVerifyGetKey {
    const known = this.#local.get(jwks)
    if (known) return known
    const made = createLocalJWKSet(jwks as JSONWebKeySet)
    this.#local.set(jwks, made)
    return made
  }

  #remoteKeys(uri: string): RemoteKeys {
    const known = this.#remote.get(uri)
    if (known) return known
    const made = new RemoteKeys({ ...this.#options, uri })
    for (const oldest of this.#remote.keys()) {
      if (this.#remote.size < MAX_REMOTE) break
      this.#remote.delete(oldest)
    }
    this.#remote.set(uri, made)
    return made
  }
}
