import { verify } from 'node:crypto'
import { type OnError, type OperatorUseCases, StoreError } from '@device-grant/core'
import { createRouteTable, type RouteTable, sendJson } from '@device-grant/http-koa'
import type { Context } from 'koa'
import { isRefusedByHeaders, readBody } from '../read-body.ts'
import type { Pause } from '../repeat.ts'
import { sendServiceError, sendUnavailable } from '../service-error.ts'
import { type GithubKeys, GithubKeysError } from './github-keys.ts'
import { ReadingPlaces } from './reading-places.ts'

/** The parts of the route for GitHub. */
export interface GithubRouteOptions {
  readonly operator: Pick<OperatorUseCases, 'revokeLeakedKey'>
  readonly keys: GithubKeys
  readonly addressOf: (ctx: Context) => string | undefined
  readonly pause: Pause
  readonly onError: OnError
  /** Called for every message that is refused, because too many others are being read. */
  readonly onBusy: () => void
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
/** How long a body may take, in milliseconds. A client that sends nothing would keep its place. */
const READ_WITHIN_MS = 2_000
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
const receiveMatches = (options: GithubRouteOptions) => {
  const places = new ReadingPlaces()
  return async (ctx: Context): Promise<void> => {
    try {
      await answer(ctx, options, places)
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
}

const answer = async (
  ctx: Context,
  options: GithubRouteOptions,
  places: ReadingPlaces,
): Promise<void> => {
  const body = await readSigned(ctx, options, places)
  if (body === undefined) return
  const matches = matchesIn(body)
  if (matches === undefined) {
    const description = 'The body must be a JSON array of objects with token and type'
    return sendServiceError(ctx, 400, 'invalid_request', description)
  }
  const labels = await revokeAll(matches, options.operator)
  options.onMessage({
    tokens: labels.length,
    keys: labels.filter(({ label }) => label === 'true_positive').length,
  })
  sendJson(ctx, labels)
}

/** Reads a body that GitHub has signed, or sends the error. */
const readSigned = async (
  ctx: Context,
  options: GithubRouteOptions,
  places: ReadingPlaces,
): Promise<Buffer | undefined> => {
  const refuse = (description: string): undefined => {
    sendServiceError(ctx, 401, 'invalid_signature', description)
    return undefined
  }
  const keyId = ctx.get('Github-Public-Key-Identifier')
  const signature = ctx.get('Github-Public-Key-Signature')
  if (!/^[\w.-]{1,128}$/.test(keyId) || !/^[\w+/-]{1,256}={0,2}$/.test(signature)) {
    return refuse('The signature is missing or malformed')
  }
  // Before the body is read, because a message that waits for GitHub must hold no memory.
  const isRefused = isRefusedByHeaders(ctx, MAX_BODY_BYTES)
  const key = isRefused ? undefined : await options.keys.find(keyId)
  if (key === undefined && !isRefused) {
    ctx.set('Connection', 'close')
    return refuse('The signature is wrong')
  }
  const body = await readInPlace(ctx, options, places)
  if (body === undefined) return undefined
  return key !== undefined && verify('sha256', body, key, Buffer.from(signature, 'base64'))
    ? body
    : refuse('The signature is wrong')
}

/** Reads a body while it has a place, or sends the error. */
const readInPlace = async (
  ctx: Context,
  { addressOf, pause, onBusy }: GithubRouteOptions,
  places: ReadingPlaces,
): Promise<Buffer | undefined> => {
  const free = places.take(addressOf(ctx))
  if (free === undefined) {
    onBusy()
    // The body is not read, so the connection cannot be used again.
    ctx.set('Connection', 'close')
    sendUnavailable(ctx, 'Too many messages are read at once: send it again')
    return undefined
  }
  const done = new AbortController()
  try {
    const deadline = pause(READ_WITHIN_MS, done.signal)
    return await readBody(ctx, MAX_BODY_BYTES, deadline)
  } finally {
    done.abort()
    free()
  }
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
