import { randomUUID } from 'node:crypto'
import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import type { Cookies } from './cookies.ts'
import type { Signer } from './signer.ts'

/** A browser's session. A person is signed in if it has a `person`. */
export interface Session {
  /** New at every sign-in, so that a session planted by an attacker is worthless. */
  readonly id: string
  /** The person's id. */
  readonly person?: string | undefined
  /** The person's display name. */
  readonly name?: string | undefined
  /** Data of the sign-in method, for example the ID token for logout. */
  readonly data?: string | undefined
}

/** The parts and limits of sessions. */
export interface SessionsOptions {
  readonly signer: Signer
  readonly clock: Clock
  readonly cookies: Cookies
  /**
   * How long a session lasts at most, in milliseconds.
   * @default 43_200_000 (12 hours)
   */
  readonly lifetimeMs?: number | undefined
  /**
   * How long a session lasts without a request, in milliseconds.
   * @default 3_600_000 (1 hour)
   */
  readonly idleMs?: number | undefined
}

/** A session is written again after so many milliseconds. */
const RENEW_MS = 60_000

const COOKIE = 'session'

/** Sessions in signed cookies. The server stores nothing. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #lifetimeMs: number
  readonly #idleMs: number

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#lifetimeMs = options.lifetimeMs ?? 12 * 3_600_000
    this.#idleMs = options.idleMs ?? 3_600_000
  }

  /** The session of a request, or `undefined` if it has none or it has expired. */
  async read(ctx: Context): Promise<Session | undefined> {
    const { signer, clock, cookies } = this.#options
    const text = cookies.get(ctx, COOKIE)
    if (!text) return undefined
    const now = clock.now()
    const claims = await signer.verify('session', text, now)
    if (typeof claims?.['sid'] !== 'string' || typeof claims['since'] !== 'number') return undefined
    const session: Session = {
      id: claims['sid'],
      person: textOf(claims.sub),
      name: textOf(claims['name']),
      data: textOf(claims['data']),
    }
    const seen = claims['seen']
    if (typeof seen === 'number' && now - seen >= RENEW_MS) {
      await this.#write(ctx, session, claims['since'])
    }
    return session
  }

  /** The session of a request, or a new one without a person. */
  async ensure(ctx: Context): Promise<Session> {
    return (await this.read(ctx)) ?? (await this.#start(ctx, {}))
  }

  /** Signs a person in: a new session replaces the old one. */
  async signIn(
    ctx: Context,
    person: { readonly person: string } & Omit<Session, 'id'>,
  ): Promise<Session> {
    return this.#start(ctx, person)
  }

  /** Ends the session of a request. */
  end(ctx: Context): void {
    this.#options.cookies.set(ctx, COOKIE, null)
  }

  async #start(ctx: Context, members: Omit<Session, 'id'>): Promise<Session> {
    const session = { ...members, id: randomUUID() }
    await this.#write(ctx, session, this.#options.clock.now())
    return session
  }

  async #write(ctx: Context, session: Session, since: number): Promise<void> {
    const { signer, clock, cookies } = this.#options
    const now = clock.now()
    const { id: sid, person: sub, name, data } = session
    const endsAt = Math.min(now + this.#idleMs, since + this.#lifetimeMs)
    const claims = { sid, since, seen: now, sub, name, data }
    cookies.set(ctx, COOKIE, await signer.sign('session', claims, endsAt))
  }
}

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' ? claim : undefined
