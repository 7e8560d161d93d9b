import type { IncomingMessage } from 'node:http'
import type { Parameters } from '../http/request-parameters.ts'
import { readClientCredentials, TWO_CLIENTS, TWO_WAYS } from './client-credentials.ts'
import type { ClientError, ClientIdentification, KnownClient } from './identify-client.ts'

/**
 * Reads `client_id` from the body, or from `Authorization: Basic` with an empty secret, as many public
 * clients send it (RFC 6749 section 2.3.1). A secret is refused, because no client has one.
 */
const identifyPublicClient = (
  request: IncomingMessage,
  parameters: Parameters,
): KnownClient | ClientError => {
  const read = readClientCredentials(request, parameters)
  if (!read.ok) return read
  const { named, basic } = read
  const hasSecret = parameters.has('client_secret')
  if (!basic) return hasSecret ? NO_SECRET : { ok: true, candidates: [named] }
  if (hasSecret) return TWO_WAYS
  if (basic.secret !== '') return { ...NO_SECRET, challenge: true }
  if (named === undefined) return { ok: true, candidates: basic.ids }
  return basic.ids.includes(named) ? { ok: true, candidates: [named] } : TWO_CLIENTS
}

const NO_SECRET: ClientError = {
  ok: false,
  error: 'invalid_client',
  description: 'This client has no secret',
  challenge: false,
}

/** For servers without a registry of clients: every client is public, and its name is no proof. */
export const PUBLIC_CLIENTS: ClientIdentification = {
  identify: identifyPublicClient,
  methods: ['none'],
}
