import * as client from 'openid-client'

/** Whether the provider could not be reached or sent an invalid response, rather than refused. */
export const isOutage = (error: unknown): boolean => {
  if (error instanceof TypeError) return true
  const outages = ['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']
  return error instanceof client.ClientError && outages.includes(error.code ?? '')
}

/** An error for the log: the message and the provider's error code, never its whole response. */
export const describeOidcError = (error: unknown): Error => {
  if (!(error instanceof Error)) return new Error('not an error')
  const codes = error as { readonly error?: unknown; readonly code?: unknown }
  const code = [codes.error, codes.code].find(
    (one) => typeof one === 'string' && /^[\w.-]{1,64}$/.test(one),
  )
  const message = code === undefined ? error.message : `${error.message} (${String(code)})`
  return new Error(message, { cause: error })
}
