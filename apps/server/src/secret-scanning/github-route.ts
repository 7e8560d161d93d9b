import { verify } from 'node:crypto'
import { type OnError, type OperatorUseCases, StoreError } from '@device-grant/core'
import { createRouteTable, type RouteTable, sendJson } from '@device-grant/http-koa'
import type { Context } from 'koa'
import { readBody } from '../read-body.ts'
import { sendServiceError, sendUnavailable } from '../service-error.ts'
import { type GithubKeys, GithubKeysError } from './github-keys.ts'

/** The parts of the route for GitHub. */
export interface GithubRouteOptions {
  readonly operator: Pick<OperatorUseCases, 'revokeLeakedKey'>
  readonly keys: GithubKeys
  readonly onError: OnError
  /** Receives how many tokens a message had, and how many of them were keys. */
  readonly onMessage: (counts: { readonly tokens: number; readonly keys: number }) => void
}

/** One match, as GitHub sends it. */
interface Match {
  readonly token: string
  readonly type: string
  readonly url: string | undefined
}

const MAX_BODY_BYTES = 1_048_576
const MAX_URL = 2_048
/** How many keys are revoked at once. GitHub waits for 30 s. */
const AT_ONCE = 20

/** The row for GitHub. The same row stands in `docs/http.md`. */
export const createGithubRoutes = (options: GithubRouteOptions): RouteTable =>
  createRouteTable([
    {
      path: '/secret-scanning/github',
      headers: { 'Cache-Control': 'no-store' },
      methods: { POST: [receiveMatches(options)] },
    },
  ])

/** POST /secret-scanning/github: the message of GitHub's secret scanning partner program. */
const receiveMatches =
  (options: GithubRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    try {
      await answer(ctx, options)
    } catch (error) {
      const isKeysError = error instanceof GithubKeysError
      // The failed fetch was reported once, and anyone may repeat the request.
      if (!isKeysError) options.onError(error, 'secret scanning')
      if (error instanceof StoreError || isKeysError) {
        return sendUnavailable(ctx, 'The message cannot be processed now: send it again')
      }
      sendServiceError(ctx, 500, 'server_error', 'The server failed')
    }
  }

const answer = async (
  ctx: Context,
  { operator, keys, onMessage }: GithubRouteOptions,
): Promise<void> => {
  const keyId = ctx.get('Github-Public-Key-Identifier')
  const signature = ctx.get('Github-Public-Key-Signature')
  if (!/^[\w.-]{1,128}$/.test(keyId) || !/^[\w+/-]{1,256}={0,2}$/.test(signature)) {
    return sendServiceError(ctx, 401, 'invalid_signature', 'The signature is missing or malformed')
  }
  const body = await readBody(ctx, MAX_BODY_BYTES)
  if (body === undefined) return
  const key = await keys.find(keyId)
  if (key === undefined || !verify('sha256', body, key, Buffer.from(signature, 'base64'))) {
    return sendServiceError(ctx, 401, 'invalid_signature', 'The signature is wrong')
  }
  const matches = matchesIn(body)
  if (matches === undefined) {
    const description = 'The body must be a JSON array of objects with token and type'
    return sendServiceError(ctx, 400, 'invalid_request', description)
  }
  const labels = await revokeAll(matches, operator)
  onMessage({
    tokens: labels.length,
    keys: labels.filter(({ label }) => label === 'true_positive').length,
  })
  sendJson(ctx, labels)
}

const matchesIn = (body: Buffer): readonly Match[] | undefined => {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(value)) return undefined
  const matches = value.flatMap((entry: unknown) => matchOf(entry) ?? [])
  return matches.length === value.length ? matches : undefined
}

const matchOf = (entry: unknown): Match | undefined => {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { token, type, url } = entry as Readonly<Record<string, unknown>>
  if (typeof token !== 'string' || typeof type !== 'string') return undefined
  return { token, type, url: typeof url === 'string' ? url.slice(0, MAX_URL) : undefined }
}

/** Feedback about one match. Its token is no secret any more: it is revoked, or no key. */
interface Label {
  readonly token_raw: string
  readonly token_type: string
  readonly label: 'true_positive' | 'false_positive'
}

const revokeAll = async (
  matches: readonly Match[],
  operator: GithubRouteOptions['operator'],
): Promise<readonly Label[]> => {
  const labels: Label[] = []
  for (let i = 0; i < matches.length; i += AT_ONCE) {
    const some = matches.slice(i, i + AT_ONCE).map((match) => revoke(match, operator))
    labels.push(...(await Promise.all(some)))
  }
  return labels
}

const revoke = async (
  { token, type, url }: Match,
  { revokeLeakedKey }: GithubRouteOptions['operator'],
): Promise<Label> => {
  const request = { apiKey: token, by: 'secret_scanning', place: url } as const
  const isKey = (await revokeLeakedKey(request)) !== 'no_such_key'
  return {
    token_raw: token,
    token_type: type,
    label: isKey ? 'true_positive' : 'false_positive',
  }
}
