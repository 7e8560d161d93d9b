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
  /** An e-mail address that the sign-in has verified. */
  readonly email?: string | undefined
  /** When the person last proved who they are, epoch milliseconds. */
  readonly signedInAt?: number | undefined
  /** Data of the sign-in method, for example the ID token for logout. */
  readonly data?: string | undefined
}

/** The parts of sessions. */
export interface SessionsOptions {
  readonly signer: Signer
  readonly clock: Clock
  readonly cookies: Cookies
}

/** A session lasts for so many milliseconds at most. */
const LIFETIME_MS = 12 * 3_600_000
/** A session lasts for so many milliseconds without a request. */
const IDLE_MS = 3_600_000
/** A session is written again after so many milliseconds. */
const RENEW_MS = 60_000

const COOKIE = 'session'
/** What the text in the cookie is signed for. */
const PURPOSE = 'session'

/** The sessions of browsers. */
export interface Sessions {
  /** The session of a request, or `undefined` if it has none or it has expired. */
  read(ctx: Context): Promise<Session | undefined>
  /** The session of a request, or a new one without a person. */
  ensure(ctx: Context): Promise<Session>
  /** Signs a person in: a new session replaces the old one. */
  signIn(ctx: Context, person: { readonly person: string } & Omit<Session, 'id'>): Promise<Session>
  /**
   * Ends the session that a request came with. Other sites can send a form without the cookies of the
   * browser, and such a form deletes none.
   */
  end(ctx: Context): void
}

/** Keeps sessions in signed cookies. The server stores nothing. */
export const createSessions = ({ signer, clock, cookies }: SessionsOptions): Sessions => {
  const write = (ctx: Context, session: Session, since: number): void => {
    const now = clock.now()
    const { id: sid, person: sub, name, email, signedInAt: auth_time, data } = session
    const endsAt = Math.min(now + IDLE_MS, since + LIFETIME_MS)
    const claims = { sid, since, seen: now, sub, name, email, auth_time, data }
    cookies.set(ctx, COOKIE, signer.sign(PURPOSE, claims, endsAt))
  }
  const start = async (ctx: Context, members: Omit<Session, 'id'>): Promise<Session> => {
    const session = { ...members, id: randomUUID() }
    write(ctx, session, clock.now())
    return session
  }
  const read = async (ctx: Context): Promise<Session | undefined> => {
    const text = cookies.get(ctx, COOKIE)
    if (!text) return undefined
    const now = clock.now()
    const claims = signer.verify(PURPOSE, text, now)
    if (typeof claims?.['sid'] !== 'string' || typeof claims['since'] !== 'number') return undefined
    const { email, auth_time: signedInAt } = claims
    const session: Session = {
      id: claims['sid'],
      person: textOf(claims['sub']),
      name: textOf(claims['name']),
      ...(typeof email === 'string' ? { email } : {}),
      ...(typeof signedInAt === 'number' ? { signedInAt } : {}),
      data: textOf(claims['data']),
    }
    const seen = claims['seen']
    if (typeof seen === 'number' && now - seen >= RENEW_MS) {
      write(ctx, session, claims['since'])
    }
    return session
  }
  return {
    read,
    ensure: async (ctx) => (await read(ctx)) ?? (await start(ctx, {})),
    signIn: start,
    end: (ctx) => {
      if (cookies.namesFrom(ctx, COOKIE).includes(COOKIE)) cookies.set(ctx, COOKIE, null)
    },
  }
}

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' ? claim : undefined
