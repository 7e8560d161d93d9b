import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import Provider from 'oidc-provider'
import { listen, portOf } from './loopback.ts'

export interface OpenidProviderOptions {
  /** The public URL of `device-grant`, to which the provider redirects. */
  readonly publicUrl: string
  /** Default: a free port. */
  readonly port?: number
  /** More claims of an account, for the scopes `email` and `groups`. Default: none. */
  readonly claimsOf?: (login: string) => Readonly<Record<string, unknown>>
  /** More settings of `oidc-provider`. */
  readonly configuration?: Readonly<Record<string, unknown>>
}

export interface OpenidProvider {
  readonly issuer: string
  readonly port: number
  /** The environment of a server that signs people in here. */
  readonly env: Readonly<Record<string, string>>
  /** `METHOD /path` of every request so far. */
  readonly requests: string[]
  /** The `ui_locales` of every authorization request so far. */
  readonly languages: unknown[]
  /** The `prompt` of every authorization request so far. */
  readonly prompts: unknown[]
  /** The scheme of each client authentication at the token endpoint: `Basic`, or empty for a body. */
  readonly clientAuthentications: string[]
  /** Changes the answers of the token endpoint, to misbehave. */
  changeTokenAnswer:
    | ((answer: Record<string, unknown>) => Promise<Record<string, unknown>>)
    | undefined
  /** Whether `select_account` shows the login page. Other providers use the account of their session. */
  choosesAccount: boolean
  /** Sends people back by a page that goes on by itself, without a click, rather than a redirect. */
  goesOnByPage: boolean
  /** Signs an ID token with the provider's key. */
  signIdToken(claims: JWTPayload): Promise<string>
  stop(): Promise<void>
}

const KEY_ID = 'one'
const CLIENT_ID = 'device-grant'
const CLIENT_SECRET = 'a+secret/with:every%kind&of=character'

// All providers of a process share one key, because generating a key is slow.
const keys = generateKeyPair('RS256', { extractable: true })

/**
 * Runs an OpenID provider on loopback that accepts any password and asks for no consent. The login
 * `user-alice` has the `sub` `user-alice` and the name `alice`.
 */
export const startOpenidProvider = async ({
  publicUrl,
  port = 0,
  claimsOf = () => ({}),
  configuration = {},
}: OpenidProviderOptions): Promise<OpenidProvider> => {
  const { privateKey } = await keys
  const server = createServer()
  await listen(server, port)
  const taken = portOf(server)
  // Not 127.0.0.1, so that browsers treat it as another site.
  const issuer = `http://localhost:${taken}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${publicUrl}/oauth/device/sign-in/callback`],
        post_logout_redirect_uris: [`${publicUrl}/oauth/device/sign-in/signed-out`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: KEY_ID }] },
    cookies: { keys: ['only for tests'] },
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    async findAccount(_: unknown, id: string) {
      const name = id.replace(/^user-/, '')
      return {
        accountId: id,
        claims: () => ({ sub: id, preferred_username: name, ...claimsOf(id) }),
      }
    },
    loadExistingGrant,
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    ...configuration,
  })
  const requests: string[] = []
  const languages: unknown[] = []
  const prompts: unknown[] = []
  const clientAuthentications: string[] = []
  const running: OpenidProvider = {
    issuer,
    port: taken,
    env: {
      SIGN_IN: 'oidc',
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: CLIENT_ID,
      OIDC_CLIENT_SECRET: CLIENT_SECRET,
    },
    requests,
    languages,
    prompts,
    clientAuthentications,
    changeTokenAnswer: undefined,
    choosesAccount: true,
    goesOnByPage: false,
    signIdToken: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: KEY_ID }).sign(privateKey),
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  provider.use(async (ctx, next) => {
    requests.push(`${ctx.method} ${ctx.path}`)
    if (ctx.path === '/auth') {
      const { prompt, ui_locales } = ctx.query
      languages.push(ui_locales)
      prompts.push(prompt)
      if (prompt === 'select_account') {
        const { prompt: _, ...rest } = ctx.query
        ctx.query = running.choosesAccount ? { ...rest, prompt: 'login' } : rest
      }
    }
    if (ctx.path === '/token') {
      clientAuthentications.push(ctx.get('Authorization').split(' ', 1)[0] ?? '')
    }
    await next()
    const onward = String(ctx.response.get('Location'))
    if (running.goesOnByPage && onward.startsWith(publicUrl)) {
      ctx.remove('Location')
      ctx.status = 200
      ctx.type = 'html'
      ctx.body = `<!doctype html><title>Wait</title><script>location.replace(${JSON.stringify(onward)})</script>`
    }
    if (ctx.path !== '/token' || ctx.status !== 200 || !running.changeTokenAnswer) return
    ctx.body = await running.changeTokenAnswer(ctx.body as Record<string, unknown>)
  })
  server.on('request', provider.callback())
  return running
}

/** Grants consent, so that the login page is the only page. */
const loadExistingGrant = async ({ oidc }: GrantContext): Promise<unknown> => {
  const { accountId } = oidc.session
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId })
  grant.addOIDCScope('openid profile email groups')
  await grant.save()
  return grant
}

interface GrantContext {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
    readonly provider: {
      readonly Grant: new (
        facts: Readonly<Record<string, string>>,
      ) => { addOIDCScope(scope: string): void; save(): Promise<unknown> }
    }
  }
}
