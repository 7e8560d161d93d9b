import { createHash } from 'node:crypto'
import type { OnError } from '@device-grant/core'
import type { Context } from 'koa'
import * as client from 'openid-client'
import { isHttpsOrLoopback } from '../http/loopback.ts'
import { returnPath } from '../http/return-path.ts'
import type { Site } from '../person/site.ts'
import { isPersonId, type Person } from './person.ts'
import type { SignIn, SignInFactory } from './sign-in.ts'

export interface OidcSignInOptions {
  /** The provider's issuer, exactly as its discovery document names it. `http:` only on loopback. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What to ask the provider for. Default `openid profile`. */
  readonly scope?: string | undefined
  /** Hears why a sign-in or a sign-out failed; the person is told only that it did. */
  readonly onError?: OnError | undefined
}

/**
 * Signs people in at an OpenID provider: OpenID Connect Core 1.0 (Authorization Code with PKCE) and
 * RP-Initiated Logout 1.0. A person's id is the provider's `sub`, which never changes; the name shown
 * is `preferred_username`, `name` or `email`.
 *
 * The provider has to know the redirect URI `{publicUrl}/oauth/device/sign-in/callback` and the
 * post-logout redirect URI `{publicUrl}/oauth/device/sign-in/signed-out`. It is asked for its
 * metadata at the first sign-in, so it may be down when the server starts.
 * @throws {TypeError} when the issuer is neither an https URL nor an http URL on loopback
 */
export const oidcSignIn = (options: OidcSignInOptions): SignInFactory => {
  if (!isHttpsOrLoopback(options.issuer)) {
    throw new TypeError('The issuer must be an https URL, or an http URL on loopback')
  }
  return (site) => createSignIn(site, options)
}

const ROUND_TRIP_MS = 10 * 60_000
/** Whoever comes back later than that is at least led back to where they wanted to go. */
const REMEMBERED_MS = 60 * 60_000
const NOTE = 'oidc_'
/** Sign-ins that one browser may have under way, so that their cookies stay within a header's limits. */
const MAX_ROUND_TRIPS = 4
/** A longer ID token would burst its cookie; the provider then asks people whether to sign out. */
const MAX_ID_TOKEN = 2000

const createSignIn = (site: Site, options: OidcSignInOptions): SignIn => {
  const { issuer, scope = 'openid profile', onError = () => {} } = options
  const { sessions, links } = site
  const callbackUrl = new URL(`${site.publicUrl}/oauth/device/sign-in/callback`).href
  const signedOutUrl = new URL(`${site.publicUrl}/oauth/device/sign-in/signed-out`).href
  const provider = discovering(site, options)
  // A session of another issuer, or of another way to sign in, names somebody else.
  const noteStart = `oidc ${issuer} `

  const personOf = async (ctx: Context): Promise<Person | undefined> => {
    const session = await sessions.read(ctx)
    if (session?.person === undefined || !session.note?.startsWith(noteStart)) return undefined
    return { id: session.person, name: session.name ?? session.person, binding: session.id }
  }

  const fail = (ctx: Context, error: unknown, what: string, retry: string): void => {
    onError(describe(error), what)
    const status = isOutage(error) ? 503 : 400
    if (status === 503) ctx.set('Retry-After', '5')
    site.showMessage(ctx, status, { kind: 'sign_in_failed', retry })
  }

  const begin = async (ctx: Context, returnTo: string): Promise<void> => {
    let config: client.Configuration
    try {
      config = await provider()
    } catch (error) {
      return fail(ctx, error, 'find the OpenID provider', returnTo)
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
      ui_locales: site.pageContext(ctx).locale,
    })
    const underWay = sessions.noteNames(ctx, NOTE)
    for (const name of underWay.slice(0, Math.max(0, underWay.length - MAX_ROUND_TRIPS + 1))) {
      await sessions.takeNote(ctx, name)
    }
    const until = String(site.clock.now() + ROUND_TRIP_MS)
    const facts = { state, nonce, verifier, return_to: returnTo, until }
    await sessions.keepNote(ctx, noteName(state), facts, REMEMBERED_MS)
    site.goTo(ctx, url.href)
  }

  const callback = async (ctx: Context): Promise<void> => {
    const { state } = ctx.query
    const note =
      typeof state === 'string' ? await sessions.takeNote(ctx, noteName(state)) : undefined
    const returnTo = returnPath(note?.['return_to'], site.base, links.verify)
    if (!note || site.clock.now() >= Number(note['until'])) {
      // Whoever is signed in has only opened this URL again, or was faster in another tab.
      if (await personOf(ctx)) return site.goTo(ctx, returnTo)
      return site.showMessage(ctx, 400, { kind: 'sign_in_failed', retry: returnTo })
    }
    try {
      const config = await provider()
      const tokens = await client.authorizationCodeGrant(
        config,
        new URL(callbackUrl + ctx.search),
        {
          expectedState: String(note['state']),
          expectedNonce: String(note['nonce']),
          pkceCodeVerifier: String(note['verifier']),
          idTokenExpected: true,
        },
      )
      const claims = tokens.claims()
      if (!claims || !isPersonId(claims.sub)) throw new Error('The provider names nobody')
      const person = claims.sub
      const session = await sessions.read(ctx)
      // Somebody who signed in meanwhile in another tab keeps that session, and the forms open there.
      if (session?.person !== person || !session.note?.startsWith(noteStart)) {
        const name = nameIn(claims) ?? (await askName(config, tokens.access_token, person))
        const idToken = tokens.id_token ?? ''
        await sessions.signIn(ctx, {
          person,
          name: name ?? person,
          note: noteStart + (idToken.length <= MAX_ID_TOKEN ? idToken : ''),
        })
      }
    } catch (error) {
      return fail(ctx, error, 'sign in at the OpenID provider', returnTo)
    }
    site.goTo(ctx, returnTo)
  }

  const askName = async (
    config: client.Configuration,
    accessToken: string,
    person: string,
  ): Promise<string | undefined> => {
    if (config.serverMetadata().userinfo_endpoint === undefined) return undefined
    try {
      return nameIn(await client.fetchUserInfo(config, accessToken, person))
    } catch (error) {
      onError(describe(error), "ask the OpenID provider for a person's name")
      return undefined
    }
  }

  return {
    person: personOf,

    begin,

    async handle(ctx, rest) {
      if (rest === 'callback') return callback(ctx)
      if (rest === 'signed-out') return site.showMessage(ctx, 200, { kind: 'signed_out' })
      if (rest !== '' || ctx.method === 'POST') {
        return site.showMessage(ctx, 404, { kind: 'not_found' })
      }
      return begin(ctx, returnPath(ctx.query['return_to'], site.base, links.verify))
    },

    async signOut(ctx) {
      const session = await sessions.read(ctx)
      sessions.end(ctx)
      try {
        const config = await provider()
        if (config.serverMetadata().end_session_endpoint === undefined) return undefined
        const idToken = session?.note?.slice(noteStart.length)
        return client.buildEndSessionUrl(config, {
          post_logout_redirect_uri: signedOutUrl,
          ...(idToken ? { id_token_hint: idToken } : {}),
        }).href
      } catch (error) {
        onError(describe(error), 'sign out at the OpenID provider')
        return undefined
      }
    },
  }
}

const DISCOVER_AGAIN_MS = 3_600_000
const TIMEOUT_SECONDS = 10

/** The provider, found at first use, looked at again every hour, and kept when that fails. */
const discovering = (
  { clock }: Site,
  { issuer, clientId, clientSecret, onError = () => {} }: OidcSignInOptions,
): (() => Promise<client.Configuration>) => {
  const insecure = new URL(issuer).protocol === 'http:'
  let found: { readonly config: client.Configuration; readonly until: number } | undefined
  let looking: Promise<client.Configuration> | undefined
  const look = async (): Promise<client.Configuration> => {
    try {
      const config = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        authentication(clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          execute: [
            client.enableNonRepudiationChecks,
            ...(insecure ? [client.allowInsecureRequests] : []),
          ],
        },
      )
      found = { config, until: clock.now() + DISCOVER_AGAIN_MS }
      return config
    } catch (error) {
      if (!found) throw error
      onError(describe(error), 'look at the OpenID provider again')
      return found.config
    } finally {
      looking = undefined
    }
  }
  return async () => {
    if (found && clock.now() < found.until) return found.config
    looking ??= look()
    return looking
  }
}

/** Basic, which every provider with client secrets must take (RFC 6749 section 2.3.1), unless it says otherwise. */
const authentication = (clientSecret: string): client.ClientAuth => {
  const basic = client.ClientSecretBasic(clientSecret)
  const post = client.ClientSecretPost(clientSecret)
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const useBasic = methods.includes('client_secret_basic')
    return (useBasic ? basic : post)(server, ...rest)
  }
}

const noteName = (state: string): string =>
  NOTE + createHash('sha256').update(state).digest('hex').slice(0, 12)

const MAX_NAME = 100

const nameIn = (claims: Readonly<Record<string, unknown>>): string | undefined => {
  for (const claim of ['preferred_username', 'name', 'email']) {
    const name = claims[claim]
    if (typeof name === 'string' && isPersonId(name.trim())) return name.trim().slice(0, MAX_NAME)
  }
  return undefined
}

/** Whether the provider could not be reached or did not answer as one, rather than refused. */
const isOutage = (error: unknown): boolean => {
  if (error instanceof TypeError) return true
  const outages = ['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']
  return error instanceof client.ClientError && outages.includes(error.code ?? '')
}

/** An error in words fit for a log: the kind and the provider's error code, never its whole answer. */
const describe = (error: unknown): Error => {
  if (!(error instanceof Error)) return new Error('not an error')
  const { error: oauthError, code } = error as { readonly error?: unknown; readonly code?: unknown }
  const reason = [oauthError, code].find(
    (one) => typeof one === 'string' && /^[\w.-]{1,64}$/.test(one),
  )
  const text = reason === undefined ? error.message : `${error.message} (${String(reason)})`
  return new Error(text, { cause: error })
}
