import { ResponseBodyError } from 'openid-client'

/** What the answers of RFC 8628 section 3.5 that end a login mean to a person. */
export const ANSWERS: Readonly<Record<string, string>> = {
  access_denied: 'The request was denied.',
  expired_token: 'The code has expired. Run the login again.',
}

/** What went wrong at this server, in words that tell what to do about it. */
export const explain = (fault: unknown, server: URL): string => {
  if (!(fault instanceof Error)) return String(fault)
  if (fault instanceof ResponseBodyError) {
    return ANSWERS[fault.error] ?? `The login failed: ${fault.error_description ?? fault.error}`
  }
  const { cause } = fault
  if (cause instanceof Response) {
    const what = cause.status === 200 ? 'no JSON' : `HTTP ${cause.status}`
    return `No device-grant server answers at ${server.href}: ${cause.url} gives ${what}`
  }
  const { code, body, message } = (cause ?? {}) as Details
  if (body?.issuer) return `The server calls itself ${body.issuer}: use that address`
  if (code === 'ECONNREFUSED') return `Nothing listens at ${server.host}. Does the server run?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `No host ${server.hostname} can be found`
  if (/CERT|SSL|TLS|VERIFY/.test(code ?? '')) return `TLS fails at ${server.host}: ${code}`
  return [fault.message, message || code].filter(Boolean).join(': ')
}

/** What the cause of a fault may tell: of the network, of TLS, or of the metadata that was found. */
interface Details {
  readonly code?: string
  readonly message?: string
  readonly body?: { readonly issuer?: string }
}
