import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** Signs small facts that travel through the browser and come back (a JWT, HS256), and CSRF tokens. */
export class Signer {
  readonly #key: Uint8Array

  /** @param secret at least 32 characters, the same on every server */
  constructor(secret: string) {
    this.#key = createHash('sha256').update(`device-grant seal ${secret}`).digest()
  }

  /**
   * @param purpose what the text is for; it opens for nothing else
   * @param expiresAt epoch milliseconds
   */
  async sign(purpose: string, facts: JWTPayload, expiresAt: number): Promise<string> {
    return new SignJWT(facts)
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(purpose)
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .sign(this.#key)
  }

  /**
   * @param now epoch milliseconds
   * @returns `undefined` when it was not sealed here, for this, or has run out
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

  /** A token that only our own pages can put into a form of this binding (a session, a person). */
  csrfToken(binding: string): string {
    return createHmac('sha256', this.#key).update(`csrf ${binding}`).digest('base64url')
  }

  isCsrfToken(token: unknown, binding: string): boolean {
    if (typeof token !== 'string') return false
    const [given, expected] = [Buffer.from(token), Buffer.from(this.csrfToken(binding))]
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
