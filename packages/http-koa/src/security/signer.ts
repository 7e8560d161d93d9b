import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** The claims of a signed text. `undefined` ones are left out. */
export type Claims = Readonly<Record<string, string | number | undefined>>

/** Signs claims that a browser keeps in a cookie (a JWT, HS256), and makes CSRF tokens. */
export class Signer {
  readonly #key: Uint8Array
  readonly #keys: readonly Uint8Array[]

  /**
   * @param secrets at least 32 characters each, the same on every server. The first one signs, and what
   * the others have signed is still valid.
   */
  constructor(...secrets: readonly [string, ...string[]]) {
    const [first, ...others] = secrets
    this.#key = keyOf(first)
    this.#keys = [this.#key, ...others.map(keyOf)]
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
      .sign(this.#key)
  }

  /**
   * Returns the claims of a signed text, or `undefined` if its signature or purpose is wrong or it has
   * expired.
   * @param now epoch milliseconds
   */
  async verify(purpose: string, text: string, now: number): Promise<JWTPayload | undefined> {
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(text, key, {
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
    return csrfTokenOf(this.#key, binding)
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

const keyOf = (secret: string): Uint8Array =>
  createHash('sha256').update(`device-grant signer ${secret}`).digest()

const csrfTokenOf = (key: Uint8Array, binding: string): string =>
  createHmac('sha256', key).update(`csrf ${binding}`).digest('base64url')
