import type { Events, TokenReply, TokenRequest, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson } from '../http/json-response.ts'
import { sendOAuthError } from '../http/oauth-error.ts'
import type { ReportError } from '../http/report-error.ts'
import { readRequestParameters, resourcesIn } from '../http/request-parameters.ts'
import { sendClientError, sendParametersError } from './device-errors.ts'
import { DEVICE_CODE_GRANT } from './grant-type.ts'
import type { ClientEndpoint, IdentifyClient, KnownClient } from './identify-client.ts'

/** The parts of the token endpoint. */
export interface TokenRouteOptions {
  readonly useCases: Pick<UseCases, 'pollForToken'>
  readonly identifyClient: IdentifyClient
  readonly clientEndpoint: ClientEndpoint
  readonly onError: ReportError
  /** Receives the outcome of every poll. */
  readonly onPoll: (outcome: TokenReply['outcome']) => void
  /** The listener of the events of one poll. */
  readonly eventsOf?: ((ctx: Context) => Events) | undefined
}

/**
 * POST /oauth/device/token (RFC 8628 sections 3.4 and 3.5). A store that fails is answered with
 * status 400, because real clients give up at any 5xx.
 */
export const tokenRoute =
  (options: TokenRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    const { identifyClient, clientEndpoint, onError, onPoll } = options
    const read = await readRequestParameters(ctx.req)
    if (!read.ok) return sendParametersError(ctx, read)
    const { parameters } = read
    const client = await identifyClient(ctx.req, parameters, clientEndpoint)
    if (!client.ok) {
      return sendClientError(ctx, client, {
        onError,
        sendUnavailable: () => {
          onPoll('slow_down')
          sendReply(ctx, { outcome: 'slow_down' })
        },
      })
    }
    const grantType = parameters.get('grant_type')
    if (grantType !== undefined && grantType !== DEVICE_CODE_GRANT) {
      const description = `grant_type must be ${DEVICE_CODE_GRANT}`
      return sendOAuthError(ctx, 400, 'unsupported_grant_type', description)
    }
    const deviceCode = parameters.get('device_code')
    if (deviceCode === undefined) {
      return sendOAuthError(ctx, 400, 'invalid_request', 'device_code is missing')
    }
    const resources = resourcesIn(parameters)
    const reply = await poll(ctx, options, { deviceCode, resources }, client.candidates)
    onPoll(reply.outcome)
    sendReply(ctx, reply)
  }

const poll = async (
  ctx: Context,
  { useCases, onError, eventsOf }: TokenRouteOptions,
  request: Omit<TokenRequest, 'clientId' | 'otherClientIds' | 'events'>,
  candidates: KnownClient['candidates'],
): Promise<TokenReply> => {
  try {
    const reply = await useCases.pollForToken({
      deviceCode: request.deviceCode,
      resources: request.resources,
      clientId: candidates[0],
      otherClientIds: othersOf(candidates),
      events: eventsOf?.(ctx),
    })
    if (reply.outcome === 'slow_down' && reply.error) onError(reply.error, 'poll', ctx)
    return reply
  } catch (error) {
    onError(error, 'poll', ctx)
    return { outcome: 'slow_down' }
  }
}

const NO_OTHERS: readonly string[] = []

/** All candidates but the first. Hardly any client has some, and a rest costs a poll 3 µs. */
const othersOf = (candidates: KnownClient['candidates']): readonly string[] => {
  if (candidates.length === 1) return NO_OTHERS
  const [, ...others] = candidates
  return others
}

const sendReply = (ctx: Context, reply: TokenReply): void => {
  switch (reply.outcome) {
    case 'granted':
      return sendJson(ctx, {
        access_token: reply.apiKey,
        token_type: 'Bearer',
        expires_in: reply.expiresIn,
        scope: reply.scope,
      })
    case 'slow_down': {
      const { interval } = reply
      return sendOAuthError(ctx, 400, 'slow_down', DESCRIPTIONS.slow_down, { interval })
    }
    default:
      return sendOAuthError(ctx, 400, reply.outcome, DESCRIPTIONS[reply.outcome])
  }
}

const DESCRIPTIONS: Readonly<Record<Exclude<TokenReply['outcome'], 'granted'>, string>> = {
  authorization_pending: 'The person has not answered yet',
  slow_down: 'Poll more slowly',
  access_denied: 'The person denied the request, revoked the key, or may not have keys',
  expired_token: 'The device code has expired, ask for a new one',
  invalid_target: 'resource must be some of the requested resources',
  unauthorized_client: 'This client may not use the device authorization grant',
  invalid_grant: 'The device code is unknown, used up, or was issued to another client',
}
