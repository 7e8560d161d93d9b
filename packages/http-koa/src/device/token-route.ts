import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OnError, TokenReply, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson, sendOAuthError, setDeviceHeaders } from '../http/oauth-error.ts'
import { type RequestParameters, readRequestParameters } from '../http/request-parameters.ts'
import { type ClientIdentity, identifyClient } from './client-identity.ts'

/** The grant type of RFC 8628 section 3.4. */
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export interface TokenRouteOptions {
  readonly useCases: Pick<UseCases, 'pollForToken' | 'confirmDelivery'>
  readonly onError: OnError
  /** Hears of every poll; polls are counted, not logged. */
  readonly onPoll: (outcome: TokenReply['outcome']) => void
  /** Where confirmations stand while they are under way. They never reject. */
  readonly deliveries: Set<Promise<void>>
}

/** POST /oauth/device/token (RFC 8628 sections 3.4 and 3.5). Whatever fails, a poll is answered 400 or 200. */
export const tokenRoute =
  (options: TokenRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    setDeviceHeaders(ctx)
    const form = await readRequestParameters(ctx.req)
    if (!form.ok) return sendParametersError(ctx, form)
    const client = identifyClient(ctx.req, form.parameters)
    if (!client.ok) return sendClientError(ctx, client)
    const grantType = form.parameters.get('grant_type')
    if (grantType !== undefined && grantType !== DEVICE_CODE_GRANT) {
      return sendOAuthError(
        ctx,
        400,
        'unsupported_grant_type',
        `grant_type must be ${DEVICE_CODE_GRANT}`,
      )
    }
    const deviceCode = form.parameters.get('device_code')
    if (deviceCode === undefined) {
      return sendOAuthError(ctx, 400, 'invalid_request', 'device_code is missing')
    }
    const reply = await poll(options, deviceCode, client.candidates)
    options.onPoll(reply.outcome)
    await answer(ctx, reply, options)
  }

const poll = async (
  { useCases, onError }: TokenRouteOptions,
  deviceCode: string,
  clientIds: readonly (string | undefined)[],
): Promise<TokenReply> => {
  let reply: TokenReply = { outcome: 'invalid_grant' }
  try {
    for (const clientId of clientIds) {
      reply = await useCases.pollForToken({ deviceCode, clientId })
      if (reply.outcome !== 'invalid_grant') break
    }
  } catch (error) {
    // Real clients give up at any 5xx, and the code is still as it was.
    onError(error, 'poll')
    return { outcome: 'slow_down' }
  }
  if (reply.outcome === 'slow_down' && reply.error) onError(reply.error, 'poll')
  return reply
}

const answer = async (
  ctx: Context,
  reply: TokenReply,
  options: TokenRouteOptions,
): Promise<void> => {
  switch (reply.outcome) {
    case 'granted':
      if (await isCut(ctx)) return
      sendJson(ctx, {
        access_token: reply.apiKey,
        token_type: 'Bearer',
        expires_in: reply.expiresIn,
        scope: reply.scope,
      })
      confirmWhenSent(ctx, reply.keyId, options)
      return
    case 'slow_down': {
      const more = reply.interval === undefined ? {} : { interval: reply.interval }
      return sendOAuthError(ctx, 400, 'slow_down', DESCRIPTIONS.slow_down, more)
    }
    default:
      return sendOAuthError(ctx, 400, reply.outcome, DESCRIPTIONS[reply.outcome])
  }
}

const DESCRIPTIONS: Readonly<Record<Exclude<TokenReply['outcome'], 'granted'>, string>> = {
  authorization_pending: 'The person has not answered yet',
  slow_down: 'Poll more slowly',
  access_denied: 'The person denied the request, or took the key back',
  expired_token: 'The device code has expired, ask for a new one',
  invalid_grant: 'The device code is unknown, used up, or was issued to another client',
}

/**
 * Whether the device has gone. A cut is noticed by the event loop's second turn from here at the latest;
 * until then an answer seems to leave whole, and nobody gets it.
 */
const isCut = async (ctx: Context): Promise<boolean> => {
  await nextTurn()
  await nextTurn()
  return !ctx.writable
}

/** Only an answer that has left whole is the last one; any other may be told again. */
const confirmWhenSent = (
  ctx: Context,
  keyId: string,
  { useCases, onError, deliveries }: TokenRouteOptions,
): void => {
  const { req, res } = ctx
  res.once('finish', () => {
    // A write that failed at once finishes too.
    if (req.socket.errored || req.socket.destroyed) return
    const delivery = useCases
      .confirmDelivery(keyId)
      .catch((error: unknown) => onError(error, 'confirm delivery'))
      .finally(() => deliveries.delete(delivery))
    deliveries.add(delivery)
  })
}

/** Answers a body that is no small form. */
export const sendParametersError = (
  ctx: Context,
  { description }: Extract<RequestParameters, { readonly ok: false }>,
): void => {
  // Nobody reads the rest of a body that is much too long.
  if (!ctx.req.complete) ctx.set('Connection', 'close')
  sendOAuthError(ctx, 400, 'invalid_request', description)
}

/** Answers a client that said who it is in a way that cannot be (RFC 6749 section 5.2). */
export const sendClientError = (
  ctx: Context,
  { error, description, challenge }: Extract<ClientIdentity, { readonly ok: false }>,
): void => {
  // Strict clients stop at this header on any status but 401.
  if (challenge) ctx.set('WWW-Authenticate', 'Basic realm="device-grant"')
  sendOAuthError(ctx, challenge ? 401 : 400, error, description)
}
