import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The claims of a signed text. `undefined` ones are left out. */
export type Claims = Readonly<Record<string, string | number | undefined>>

/** Secrets, the one that signs first. */
export type Secrets = readonly [string, ...string[]]

/**
 * Signs claims that a browser keeps in a cookie, and makes CSRF tokens. JWTs by the Web Cryptography API
 * would take a thread for each signature, and three times as long.
 */
export class Signer {
  readonly #secretsNow: () => Secrets
  #secrets: Secrets | undefined
  #derived: readonly [Buffer, ...Buffer[]] | undefined

  /**
   * @param secrets the secrets at present: at least 32 characters each, the same on every server. The
   * first one signs, and what the others have signed is still valid.
   */
  constructor(secrets: () => Secrets) {
    this.#secretsNow = secrets
  }

  /** The keys of the secrets at present, the one that signs first. */
  get #keys(): readonly [Buffer, ...Buffer[]] {
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
  sign(purpose: string, claims: Claims, expiresAt: number): string {
    const signed: SignedClaims = { claims, expiresAt }
    const payload = Buffer.from(JSON.stringify(signed)).toString('base64url')
    return `${payload}.${macOf(this.#keys[0], claimed(purpose, payload))}`
  }

  /**
   * Returns the claims of a signed text, or `undefined` if its signature or purpose is wrong or it has
   * expired.
   * @param now epoch milliseconds
   */
  verify(purpose: string, text: string, now: number): SignedClaims['claims'] | undefined {
    const [payload = '', mac = '', ...more] = text.split('.')
    if (more.length > 0 || !this.#isMac(mac, claimed(purpose, payload))) return undefined
    const signed: SignedClaims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return now < signed.expiresAt ? signed.claims : undefined
  }

  /** The CSRF token of the forms of one session. Other sites cannot compute it. */
  csrfToken(binding: string): string {
    return macOf(this.#keys[0], csrf(binding))
  }

  /** Whether a text is the CSRF token of this session, compared in constant time. */
  isCsrfToken(token: unknown, binding: string): boolean {
    return typeof token === 'string' && this.#isMac(token, csrf(binding))
  }

  #isMac(text: string, message: string): boolean {
    const given = Buffer.from(text)
    return this.#keys
      .map((key) => Buffer.from(macOf(key, message)))
      .some((expected) => given.length === expected.length && timingSafeEqual(given, expected))
  }
}

interface SignedClaims {
  readonly claims: Readonly<Record<string, unknown>>
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

const keyOf = (secret: string): Buffer =>
  createHash('sha256').update(`device-grant signer ${secret}`).digest()

/** HMAC-SHA-256. A message begins with what it is for, so that no text serves two purposes. */
const macOf = (key: Buffer, message: string): string =>
  createHmac('sha256', key).update(message).digest('base64url')

const claimed = (purpose: string, payload: string): string => `claims ${purpose}.${payload}`

const csrf = (binding: string): string => `csrf ${binding}`
