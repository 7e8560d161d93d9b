import { randomUUID } from 'node:crypto'
import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import type { Signer } from './signer.ts'

/** A browser that we know again; somebody is signed in when it has a `person`. */
export interface Session {
  /** New at every sign-in, so that a planted session is worth nothing. */
  readonly id: string
  readonly person?: string | undefined
  readonly name?: string | undefined
  /** What the way of signing in wants to know again, for example an ID token to sign out with. */
  readonly note?: string | undefined
}

export interface SessionsOptions {
  readonly signer: Signer
  readonly clock: Clock
  /** Cookies only over https. */
  readonly secure: boolean
  /** The path that cookies are sent to. */
  readonly path: string
  /** A session ends so long after its start whatever happens, milliseconds. Default 12 hours. */
  readonly lifetimeMs?: number | undefined
  /** A session ends after so long without a request, milliseconds. Default 1 hour. */
  readonly idleMs?: number | undefined
}

const RENEW_MS = 60_000

/** Sessions in signed cookies: HttpOnly, SameSite=Lax, Secure where the site is https. Nothing is kept here. */
export class Sessions {
  readonly #options: SessionsOptions & {
    readonly lifetimeMs: number
    readonly idleMs: number
  }
  readonly #cookie: string

  constructor(options: SessionsOptions) {
    const { lifetimeMs = 12 * 3_600_000, idleMs = 3_600_000 } = options
    this.#options = { ...options, lifetimeMs, idleMs }
    this.#cookie = this.#cookieOf('session')
  }

  /** The session of a request, if it has one that is still good. */
  async read(ctx: Context): Promise<Session | undefined> {
    const { signer, clock } = this.#options
    const text = ctx.cookies.get(this.#cookie)
    if (!text) return undefined
    const now = clock.now()
    const facts = await signer.verify('session', text, now)
    if (typeof facts?.['sid'] !== 'string' || typeof facts['since'] !== 'number') return undefined
    const session: Session = {
      id: facts['sid'],
      ...optional('person', facts.sub),
      ...optional('name', facts['name']),
      ...optional('note', facts['note']),
    }
    const seen = facts['seen']
    if (typeof seen === 'number' && now - seen >= RENEW_MS)
      await this.#write(ctx, session, facts['since'])
    return session
  }

  /** The session of a request, or a new one in which nobody is signed in. */
  async ensure(ctx: Context): Promise<Session> {
    return (await this.read(ctx)) ?? (await this.#start(ctx, {}))
  }

  /** Signs somebody in: a new session in place of the old one. */
  async signIn(
    ctx: Context,
    who: Required<Pick<Session, 'person'>> & Omit<Session, 'id'>,
  ): Promise<Session> {
    return this.#start(ctx, who)
  }

  /** Forgets the session. */
  end(ctx: Context): void {
    this.#set(ctx, this.#cookie, null)
  }

  /** The language that this browser asked for, as it says. */
  locale(ctx: Context): string | undefined {
    return ctx.cookies.get(this.#cookieOf('locale'))
  }

  /** Keeps the language that somebody asked for, until the browser is closed. */
  keepLocale(ctx: Context, locale: string): void {
    this.#set(ctx, this.#cookieOf('locale'), locale)
  }

  /** Keeps a sealed note in a cookie of its own, for a round trip that takes minutes. */
  async keepNote(
    ctx: Context,
    name: string,
    facts: Record<string, string>,
    forMs: number,
  ): Promise<void> {
    const { signer, clock } = this.#options
    const text = await signer.sign(name, facts, clock.now() + forMs)
    this.#set(ctx, this.#cookieOf(name), text, forMs)
  }

  /** The names, beginning with `start`, of the notes that a request brings; the oldest first. */
  noteNames(ctx: Context, start: string): string[] {
    const prefix = this.#cookieOf('')
    return ctx
      .get('Cookie')
      .split(';')
      .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
      .filter((cookie) => cookie.startsWith(prefix + start))
      .map((cookie) => cookie.slice(prefix.length))
  }

  /** Takes such a note back; it can be taken once. */
  async takeNote(
    ctx: Context,
    name: string,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { signer, clock } = this.#options
    const text = ctx.cookies.get(this.#cookieOf(name))
    if (!text) return undefined
    this.#set(ctx, this.#cookieOf(name), null)
    return signer.verify(name, text, clock.now())
  }

  /** A browser takes a cookie with such a name over https only, and from no other host where it can tell. */
  #cookieOf(name: string): string {
    const { secure, path } = this.#options
    const prefix = !secure ? '' : path === '/' ? '__Host-' : '__Secure-'
    return `${prefix}device_grant_${name}`
  }

  async #start(ctx: Context, who: Omit<Session, 'id'>): Promise<Session> {
    const session = { ...who, id: randomUUID() }
    await this.#write(ctx, session, this.#options.clock.now())
    return session
  }

  async #write(ctx: Context, session: Session, since: number): Promise<void> {
    const { signer, clock, lifetimeMs, idleMs } = this.#options
    const now = clock.now()
    const { id: sid, person: sub, name, note } = session
    const facts = {
      sid,
      since,
      seen: now,
      ...optional('sub', sub),
      ...optional('name', name),
      ...optional('note', note),
    }
    const ends = Math.min(now + idleMs, since + lifetimeMs)
    this.#set(ctx, this.#cookie, await signer.sign('session', facts, ends))
  }

  #set(ctx: Context, name: string, value: string | null, maxAge?: number): void {
    const { secure, path } = this.#options
    // TLS may end at a proxy; whether the site is https is known from its public URL.
    ctx.cookies.secure = secure
    ctx.cookies.set(name, value, {
      path,
      secure,
      httpOnly: true,
      sameSite: 'lax',
      signed: false,
      overwrite: true,
      ...(maxAge === undefined ? {} : { maxAge }),
    })
  }
}

const optional = <K extends string>(name: K, value: unknown): { [key in K]?: string } =>
  typeof value === 'string' ? ({ [name]: value } as { [key in K]?: string }) : {}
