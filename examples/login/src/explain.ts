import { ResponseBodyError } from 'openid-client'

/** What to tell a person when an error of RFC 8628 section 3.5 ends the login. */
export const MESSAGES: Readonly<Record<string, string>> = {
  access_denied: 'The request was denied.',
  expired_token: 'The code has expired. Run the login again.',
}

/** Explains an error of a login at this server, and what to do about it, in one line. */
export const explain = (error: unknown, server: URL): string => {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ResponseBodyError) {
    return MESSAGES[error.error] ?? `The login failed: ${error.error_description ?? error.error}`
  }
  const { cause } = error
  if (cause instanceof Response) {
    const received = cause.status === 200 ? 'no JSON' : `HTTP ${cause.status}`
    return `No device-grant server answers at ${server.href}: ${cause.url} returned ${received}`
  }
  const { code = '', body, message } = (cause ?? {}) as Details
  if (body?.issuer) return `The address of this server is ${body.issuer}. Use that address.`
  if (code === 'ECONNREFUSED') return `Nothing listens at ${server.host}. Is the server running?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Host ${server.hostname} was not found.`
  if (/CERT|SSL|TLS|VERIFY/.test(code)) return `TLS failed at ${server.host}: ${code}`
  return [error.message, message || code].filter(Boolean).join(': ')
}

/** Details in the cause of a network error, a TLS error or a metadata error. */
interface Details {
  readonly code?: string
  readonly message?: string
  readonly body?: { readonly issuer?: string }
}
