import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** The claims of a signed text. `undefined` ones are left out. */
export type Claims = Readonly<Record<string, string | number | undefined>>

/** Signs claims that a browser keeps in a cookie (a JWT, HS256), and makes CSRF tokens. */
export class Signer {
  readonly #key: Uint8Array

  /** @param secret at least 32 characters, the same on every server */
  constructor(secret: string) {
    this.#key = createHash('sha256').update(`device-grant signer ${secret}`).digest()
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
    try {
      const { payload } = await jwtVerify(text, this.#key, {
        algorithms: ['HS256'],
        audience: purpose,
        currentDate: new Date(now),
        requiredClaims: ['exp'],
      })
      return payload
    } catch {
      return undefined
    }
  }

  /** The CSRF token of the forms of one session. Other sites cannot compute it. */
  csrfToken(binding: string): string {
    return createHmac('sha256', this.#key).update(`csrf ${binding}`).digest('base64url')
  }

  /** Whether a text is the CSRF token of this session, compared in constant time. */
  isCsrfToken(token: unknown, binding: string): boolean {
    if (typeof token !== 'string') return false
    const [given, expected] = [Buffer.from(token), Buffer.from(this.csrfToken(binding))]
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
