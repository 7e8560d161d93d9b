import { createHash } from 'node:crypto'
import type { OnError } from '@device-grant/core'
import type { Context } from 'koa'
import * as client from 'openid-client'
import { isHttpsOrLoopback } from '../http/loopback.ts'
import { clientAddress } from '../security/client-address.ts'
import { oidcDiscovery } from './oidc-discovery.ts'
import { describeOidcError, isOutage } from './oidc-errors.ts'
import { isPersonId, type Person } from './person.ts'
import type { BeginOptions, SignIn, SignInFactory } from './sign-in.ts'
import type { SignInHost } from './sign-in-host.ts'

/** The options of the sign-in at an OpenID provider. */
export interface OidcSignInOptions {
  /** The issuer, exactly as its discovery document names it. `http:` only on loopback. */
  readonly issuer: string
  /** The client id that the provider issued. */
  readonly clientId: string
  /**
   * The client secret that the provider issued. A function is called for every request that needs it, so
   * that a new secret needs no restart.
   */
  readonly clientSecret: string | (() => string)
  /**
   * The scopes of the sign-in, separated by spaces. They must include `openid`.
   * @default 'openid profile'
   */
  readonly scope?: string | undefined
  /**
   * How long ago people may have signed in at the provider, in seconds. The provider asks them to sign in
   * again then (`max_age` of OpenID Connect Core 1.0 section 3.1.2.1), and its `auth_time` is checked.
   * @default any time ago
   */
  readonly maxAgeSeconds?: number | undefined
  /**
   * Whether sessions keep the verified e-mail address, which login hints may name the person by. `scope`
   * needs `email`. An address that is not in the ID token costs a request to the userinfo endpoint.
   * @default false
   */
  readonly keepsEmail?: boolean | undefined
  /**
   * Tells why claims let no person sign in, or returns `undefined` if they do. It gets the claims of the
   * ID token, and if they do not, those of the userinfo endpoint.
   * @default every account of the provider may sign in
   */
  readonly refuseClaims?: ((claims: OidcClaims) => string | undefined) | undefined
  /**
   * Receives the `sub` of each person whom `refuseClaims` refused, and why.
   * @default refusals are not reported
   */
  readonly onNotAdmitted?: ((person: string, reason: string) => void) | undefined
  /**
   * Receives why a sign-in or sign-out failed. The person sees only that it failed.
   * @default errors are ignored
   */
  readonly onError?: OnError | undefined
  /**
   * Receives why a person is not signed in, and the address of their browser.
   * @default failed sign-ins are not reported
   */
  readonly onFailed?: ((reason: OidcSignInFailure, address: string | undefined) => void) | undefined
}

/** Claims about a person (OpenID Connect Core 1.0 section 5.1), by name. */
export type OidcClaims = Readonly<Record<string, unknown>>

/**
 * Why a person is not signed in. `no_sign_in_started`: the answer of the provider belongs to no sign-in
 * of this browser, or comes too late. `provider_refused`: the provider, or the check of its answer,
 * refused. `provider_unavailable`: the provider could not be asked.
 */
export type OidcSignInFailure = 'no_sign_in_started' | 'provider_refused' | 'provider_unavailable'

/**
 * Signs people in at an OpenID provider: OpenID Connect Core 1.0 (Authorization Code with PKCE) and
 * RP-Initiated Logout 1.0. A person's id is the provider's `sub`, which never changes. The display name
 * is `preferred_username`, `name` or `email`.
 *
 * Register the redirect URI `{publicUrl}/oauth/device/sign-in/callback` and the post-logout redirect
 * URI `{publicUrl}/oauth/device/sign-in/signed-out` at the provider. Its metadata is fetched at the
 * first sign-in, so it may be down when the server starts.
 * @throws {TypeError} if the issuer is neither an https URL nor an http URL on loopback
 */
export const oidcSignIn = (options: OidcSignInOptions): SignInFactory => {
  if (!isHttpsOrLoopback(options.issuer)) {
    throw new TypeError('The issuer must be an https URL, or an http URL on loopback')
  }
  return (host) => createSignIn(host, options)
}

/** How long a person may take at the provider, in milliseconds. */
const ROUND_TRIP_MS = 10 * 60_000
/** After that, and for so many milliseconds, a callback still leads back to the same code. */
const RETURN_MS = 60 * 60_000
/** The beginning of the names of the cookies of round trips. */
const COOKIE = 'oidc_'
/** The beginning of the names of those that sign out first. */
const SIGN_OUT_COOKIE = `${COOKIE}out_`
/** Round trips of one browser. More of their cookies would exceed the limit of a header. */
const MAX_ROUND_TRIPS = 4
/** A longer ID token fits into no cookie and no URL, in characters. The provider then asks to confirm. */
const MAX_ID_TOKEN = 2000

const createSignIn = (host: SignInHost, options: OidcSignInOptions): SignIn => {
  const { issuer, clientId, clientSecret, scope = 'openid profile' } = options
  const {
    maxAgeSeconds: maxAge,
    keepsEmail = false,
    refuseClaims = () => undefined,
    onNotAdmitted = () => {},
  } = options
  const { onError = () => {}, onFailed = () => {} } = options
  const { sessions, signedCookies, clock, publicUrl } = host
  const callbackUrl = new URL(`${publicUrl}/oauth/device/sign-in/callback`).href
  const signedOutUrl = new URL(`${publicUrl}/oauth/device/sign-in/signed-out`).href
  const provider = oidcDiscovery({ issuer, clientId, clientSecret, clock, onError })
  // A session of another issuer or sign-in method may name another person by the same id.
  const dataStart = `oidc ${issuer} `

  const personOf = async (ctx: Context): Promise<Person | undefined> => {
    const session = await sessions.read(ctx)
    if (session?.person === undefined || !session.data?.startsWith(dataStart)) return undefined
    const { person: id, name = id, id: binding, email, signedInAt } = session
    return { id, name, binding, email, signedInAt }
  }

  const reportFailure = (ctx: Context, reason: OidcSignInFailure): void =>
    onFailed(reason, clientAddress(ctx.req, host.trustedProxies))

  const showFailure = (ctx: Context, error: unknown, operation: string, retry: string): void => {
    onError(describeOidcError(error), operation)
    const status = isOutage(error) ? 503 : 400
    reportFailure(ctx, status === 503 ? 'provider_unavailable' : 'provider_refused')
    if (status === 503) ctx.set('Retry-After', '5')
    host.showMessage(ctx, status, { kind: 'sign_in_failed', retry })
  }

  const begin = async (
    ctx: Context,
    returnTo: string,
    { otherAccount = false }: BeginOptions = {},
  ): Promise<void> => {
    if (!otherAccount) return ask(ctx, returnTo)
    const otherThan = (await personOf(ctx))?.id ?? ''
    sessions.end(ctx)
    return ask(ctx, returnTo, { prompt: 'select_account', otherThan })
  }

  /** Sends a person to the provider. */
  const ask = async (
    ctx: Context,
    returnTo: string,
    {
      prompt,
      otherThan,
      taken,
    }: {
      readonly prompt?: 'select_account' | 'login' | undefined
      /** Whose account the person does not want. Empty without a signed-in person. */
      readonly otherThan?: string | undefined
      /** The cookie of the round trip that this one follows. */
      readonly taken?: string | undefined
    } = {},
  ): Promise<void> => {
    let config: client.Configuration
    try {
      config = await provider()
    } catch (error) {
      return showFailure(ctx, error, 'find the OpenID provider', returnTo)
    }
    const [state, nonce] = [client.randomState(), client.randomNonce()]
    const verifier = client.randomPKCECodeVerifier()
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callbackUrl,
      scope,
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ui_locales: host.languageOf(ctx),
      ...(prompt === undefined ? {} : { prompt }),
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    })
    const other = otherThan === undefined ? {} : { other_than: otherThan }
    const claims = { state, nonce, verifier, return_to: returnTo, ...other }
    await remember(ctx, { cookie: cookieOf(state), claims, taken })
    host.redirect(ctx, url.href)
  }

  /** Keeps a round trip in a cookie, and drops the oldest ones. */
  const remember = async (
    ctx: Context,
    {
      cookie,
      claims,
      taken,
    }: {
      readonly cookie: string
      readonly claims: Readonly<Record<string, string>>
      readonly taken: string | undefined
    },
  ): Promise<void> => {
    const inProgress = signedCookies.namesFrom(ctx, COOKIE).filter((name) => name !== taken)
    for (const name of inProgress.slice(0, Math.max(0, inProgress.length - MAX_ROUND_TRIPS + 1))) {
      await signedCookies.take(ctx, name)
    }
    const until = String(clock.now() + ROUND_TRIP_MS)
    await signedCookies.set(ctx, cookie, { ...claims, until }, RETURN_MS)
  }

  /**
   * Signs a person out at a provider that let them choose no account, such as Keycloak, and asks again.
   * A provider without sign-out gets `prompt=login`, if it says that it knows it.
   */
  const askAgain = async (
    ctx: Context,
    config: client.Configuration,
    {
      idToken,
      returnTo,
      taken,
    }: { readonly idToken: string; readonly returnTo: string; readonly taken: string },
  ): Promise<void> => {
    sessions.end(ctx)
    if (config.serverMetadata().end_session_endpoint === undefined) {
      return ask(ctx, returnTo, { prompt: 'login', taken })
    }
    const state = client.randomState()
    const claims = { return_to: returnTo }
    await remember(ctx, { cookie: cookieOf(state, SIGN_OUT_COOKIE), claims, taken })
    const url = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: signedOutUrl,
      state,
      ...hintOf(idToken),
    })
    host.redirect(ctx, url.href)
  }

  /** Where the provider leads after a sign-out: to a page, or to the sign-in with another account. */
  const signedOut = async (ctx: Context): Promise<void> => {
    const { state } = ctx.query
    const roundTrip =
      typeof state === 'string'
        ? await signedCookies.take(ctx, cookieOf(state, SIGN_OUT_COOKIE))
        : undefined
    if (!roundTrip || clock.now() >= Number(roundTrip['until'])) {
      return host.showMessage(ctx, 200, { kind: 'signed_out' })
    }
    const taken = cookieOf(String(state), SIGN_OUT_COOKIE)
    return ask(ctx, host.returnPath(roundTrip['return_to']), { taken })
  }

  const callback = async (ctx: Context): Promise<void> => {
    const { state } = ctx.query
    const roundTrip =
      typeof state === 'string' ? await signedCookies.take(ctx, cookieOf(state)) : undefined
    const returnTo = host.returnPath(roundTrip?.['return_to'])
    if (!roundTrip || clock.now() >= Number(roundTrip['until'])) {
      // A signed-in person has opened this URL again, or has signed in in another tab.
      if (await personOf(ctx)) return host.redirect(ctx, returnTo)
      reportFailure(ctx, 'no_sign_in_started')
      return host.showMessage(ctx, 400, { kind: 'sign_in_failed', retry: returnTo })
    }
    try {
      const config = await provider()
      const tokens = await client.authorizationCodeGrant(
        config,
        new URL(callbackUrl + ctx.search),
        {
          expectedState: String(roundTrip['state']),
          expectedNonce: String(roundTrip['nonce']),
          pkceCodeVerifier: String(roundTrip['verifier']),
          idTokenExpected: true,
          ...(maxAge === undefined ? {} : { maxAge }),
        },
      )
      const claims = tokens.claims()
      if (!claims || !isPersonId(claims.sub)) throw new Error('The ID token has no valid sub')
      const person = claims.sub
      const idToken = tokens.id_token ?? ''
      const { other_than: otherThan } = roundTrip
      const taken = cookieOf(String(state))
      const isReused = otherThan !== undefined && !isSignInOf(claims, roundTrip)
      if (isReused && otherThan === person && canAskAgain(config)) {
        return await askAgain(ctx, config, { idToken, returnTo, taken })
      }
      const fetchUserInfo = userInfoFetcher(config, tokens.access_token, person)
      const refusal = await refuse(claims, fetchUserInfo)
      if (refusal !== undefined) {
        if (isReused && otherThan === '' && canAskAgain(config)) {
          return await askAgain(ctx, config, { idToken, returnTo, taken })
        }
        onNotAdmitted(person, refusal)
        sessions.end(ctx)
        const otherAccountFor = new URL(returnTo, publicUrl).searchParams.get('user_code') ?? ''
        const view = { kind: 'not_admitted', retry: returnTo, otherAccountFor } as const
        return host.showMessage(ctx, 403, view)
      }
      const session = await sessions.read(ctx)
      const signedInAt = claims.auth_time === undefined ? undefined : claims.auth_time * 1_000
      const isFresher =
        maxAge !== undefined &&
        (signedInAt ?? 0) > (session?.signedInAt ?? Number.NEGATIVE_INFINITY)
      // A person who signed in in another tab meanwhile keeps that session and its open forms.
      if (session?.person !== person || !session.data?.startsWith(dataStart) || isFresher) {
        const name = nameIn(claims) ?? (await fetchName(fetchUserInfo))
        const email = keepsEmail
          ? (verifiedEmailIn(claims) ?? (await fetchEmail(fetchUserInfo)))
          : undefined
        const data = dataStart + (hintOf(idToken).id_token_hint ?? '')
        await sessions.signIn(ctx, { person, name: name ?? person, email, signedInAt, data })
      }
    } catch (error) {
      return showFailure(ctx, error, 'sign in at the OpenID provider', returnTo)
    }
    host.redirect(ctx, returnTo)
  }

  /** Either source must let the person in alone, because the two may know different addresses. */
  const refuse = async (
    claims: OidcClaims,
    fetchUserInfo: FetchUserInfo,
  ): Promise<string | undefined> => {
    const reason = refuseClaims(claims)
    if (reason === undefined) return undefined
    const userInfo = await fetchUserInfo()
    if (!userInfo) return `ID token: ${reason}`
    const other = refuseClaims(userInfo)
    return other === undefined ? undefined : `ID token: ${reason}; userinfo: ${other}`
  }

  const fetchName = async (fetchUserInfo: FetchUserInfo): Promise<string | undefined> => {
    try {
      return nameIn((await fetchUserInfo()) ?? {})
    } catch (error) {
      onError(describeOidcError(error), "ask the OpenID provider for a person's name")
      return undefined
    }
  }

  const fetchEmail = async (fetchUserInfo: FetchUserInfo): Promise<string | undefined> => {
    try {
      return verifiedEmailIn((await fetchUserInfo()) ?? {})
    } catch (error) {
      onError(describeOidcError(error), "ask the OpenID provider for a person's e-mail address")
      return undefined
    }
  }

  return {
    person: personOf,

    begin,

    async handle(ctx, rest) {
      if (rest === 'callback') return callback(ctx)
      if (rest === 'signed-out') return signedOut(ctx)
      if (rest !== '' || ctx.method === 'POST') {
        return host.showMessage(ctx, 404, { kind: 'not_found' })
      }
      return begin(ctx, host.returnPath(ctx.query['return_to']))
    },

    async signOut(ctx) {
      const session = await sessions.read(ctx)
      sessions.end(ctx)
      try {
        const config = await provider()
        if (config.serverMetadata().end_session_endpoint === undefined) return undefined
        const idToken = session?.data?.slice(dataStart.length) ?? ''
        return client.buildEndSessionUrl(config, {
          post_logout_redirect_uri: signedOutUrl,
          ...hintOf(idToken),
        }).href
      } catch (error) {
        onError(describeOidcError(error), 'sign out at the OpenID provider')
        return undefined
      }
    },
  }
}

/** Fetches the claims of the userinfo endpoint, or `undefined` if the provider has none. */
type FetchUserInfo = () => Promise<OidcClaims | undefined>

/** Fetches them once at most. */
const userInfoFetcher = (
  config: client.Configuration,
  accessToken: string,
  person: string,
): FetchUserInfo => {
  let fetched: Promise<OidcClaims | undefined> | undefined
  return () => {
    fetched ??=
      config.serverMetadata().userinfo_endpoint === undefined
        ? Promise.resolve(undefined)
        : client.fetchUserInfo(config, accessToken, person)
    return fetched
  }
}

/** An ID token as a hint for signing out, unless it is missing or too long for a URL. */
const hintOf = (idToken: string): { readonly id_token_hint?: string } =>
  idToken === '' || idToken.length > MAX_ID_TOKEN ? {} : { id_token_hint: idToken }

/** Whether a provider can be made to ask for an account (RP-Initiated Logout 1.0, or `prompt=login`). */
const canAskAgain = (config: client.Configuration): boolean => {
  const { end_session_endpoint, prompt_values_supported: prompts } = config.serverMetadata()
  return end_session_endpoint !== undefined || (Array.isArray(prompts) && prompts.includes('login'))
}

/** Whether the provider says that the person signed in during this round trip. */
const isSignInOf = (
  { auth_time: seconds }: client.IDToken,
  { until }: Readonly<Record<string, unknown>>,
): boolean => seconds !== undefined && seconds * 1_000 > Number(until) - ROUND_TRIP_MS

const cookieOf = (state: string, start = COOKIE): string =>
  start + createHash('sha256').update(state).digest('hex').slice(0, 12)

/** The longest display name, in characters. */
const MAX_NAME = 100
/** The longest e-mail address (RFC 5321), in characters. */
const MAX_EMAIL = 254

/** The e-mail address that the provider has verified (OpenID Connect Core 1.0 section 5.1). */
const verifiedEmailIn = ({ email, email_verified: isVerified }: OidcClaims): string | undefined =>
  typeof email === 'string' && email.length <= MAX_EMAIL && isVerified === true ? email : undefined

const nameIn = (claims: OidcClaims): string | undefined => {
  for (const claim of ['preferred_username', 'name', 'email']) {
    const name = claims[claim]
    if (typeof name === 'string' && isPersonId(name.trim())) return name.trim().slice(0, MAX_NAME)
  }
  return undefined
}
