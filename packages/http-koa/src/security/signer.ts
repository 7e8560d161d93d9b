import { createHash, createHmac, timingSafeEqual, webcrypto } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** The claims of a signed text. `undefined` ones are left out. */
export type Claims = Readonly<Record<string, string | number | undefined>>

/** Secrets, the one that signs first. */
export type Secrets = readonly [string, ...string[]]

/** Signs claims that a browser keeps in a cookie (a JWT, HS256), and makes CSRF tokens. */
export class Signer {
  readonly #secretsNow: () => Secrets
  #secrets: Secrets | undefined
  #derived: readonly [SignerKey, ...SignerKey[]] | undefined

  /**
   * @param secrets the secrets at present: at least 32 characters each, the same on every server. The
   * first one signs, and what the others have signed is still valid.
   */
  constructor(secrets: () => Secrets) {
    this.#secretsNow = secrets
  }

  /** The keys of the secrets at present, the one that signs first. */
  get #keys(): readonly [SignerKey, ...SignerKey[]] {
    const secrets = this.#secretsNow()
    if (!this.#derived || secrets !== this.#secrets) {
      const [first, ...others] = secrets
      this.#derived = [keyOf(first), ...others.map(keyOf)]
      this.#secrets = secrets
    }
    return this.#derived
  }

  /**
   * Signs claims. They are readable by the browser.
   * @param purpose the text verifies for this purpose only
   * @param expiresAt epoch milliseconds
   */
  async sign(purpose: string, claims: Claims, expiresAt: number): Promise<string> {
    return new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(purpose)
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .sign(await this.#keys[0].imported)
  }

  /**
   * Returns the claims of a signed text, or `undefined` if its signature or purpose is wrong or it has
   * expired.
   * @param now epoch milliseconds
   */
  async verify(purpose: string, text: string, now: number): Promise<JWTPayload | undefined> {
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(text, await key.imported, {
          algorithms: ['HS256'],
          audience: purpose,
          currentDate: new Date(now),
          requiredClaims: ['exp'],
        })
        return payload
      } catch {
        // Another secret may have signed it.
      }
    }
    return undefined
  }

  /** The CSRF token of the forms of one session. Other sites cannot compute it. */
  csrfToken(binding: string): string {
    return csrfTokenOf(this.#keys[0], binding)
  }

  /** Whether a text is the CSRF token of this session, compared in constant time. */
  isCsrfToken(token: unknown, binding: string): boolean {
    if (typeof token !== 'string') return false
    const given = Buffer.from(token)
    return this.#keys
      .map((key) => Buffer.from(csrfTokenOf(key, binding)))
      .some((expected) => given.length === expected.length && timingSafeEqual(given, expected))
  }
}

interface SignerKey {
  readonly bytes: Uint8Array
  /** Imported once, because that costs more than a signature. */
  readonly imported: Promise<webcrypto.CryptoKey>
}

const keyOf = (secret: string): SignerKey => {
  const bytes = createHash('sha256').update(`device-grant signer ${secret}`).digest()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = webcrypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
  return { bytes, imported }
}

const csrfTokenOf = ({ bytes }: SignerKey, binding: string): string =>
  createHmac('sha256', bytes).update(`csrf ${binding}`).digest('base64url')
