import * as oauth from 'openid-client'

type Codes = oauth.DeviceAuthorizationResponse

const MAX_INTERVAL_SECONDS = 30

/**
 * Polls until the person has decided or the code expires. A server or network that fails in between
 * makes the interval longer (RFC 8628 section 3.5), because the next poll may work.
 */
export const pollUntilExpiry = async (
  config: oauth.Configuration,
  codes: Codes,
  expiry: AbortSignal,
  onRetry: (reason: string) => void,
): Promise<oauth.TokenEndpointResponse> => {
  let interval = codes.interval ?? 5
  for (;;) {
    try {
      const paced = { ...codes, interval }
      return await oauth.pollDeviceAuthorizationGrant(config, paced, undefined, { signal: expiry })
    } catch (error) {
      const reason = expiry.aborted ? undefined : reasonToRetry(error)
      if (reason === undefined) throw error
      onRetry(reason)
      interval = Math.max(interval, Math.min(interval * 2, MAX_INTERVAL_SECONDS))
    }
  }
}

const NOT_THE_SERVER = ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']

/** Says why the next poll may work, or `undefined` if the server refused the login. */
const reasonToRetry = (error: unknown): string | undefined => {
  if (error instanceof oauth.ResponseBodyError) {
    const { status } = error
    return status === 408 || status === 429 || status >= 500 ? `HTTP ${status}` : undefined
  }
  // `fetch` throws a TypeError if the network fails.
  if (error instanceof TypeError)
    return (error.cause as NodeJS.ErrnoException)?.code ?? error.message
  if (!(error instanceof oauth.ClientError)) return undefined
  const { cause, code = '' } = error
  if (NOT_THE_SERVER.includes(code))
    return cause instanceof Response ? `HTTP ${cause.status}` : code
  return code === 'OAUTH_TIMEOUT' || code === 'OAUTH_PARSE_ERROR' ? error.message : undefined
}
