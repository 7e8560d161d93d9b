import type { IncomingMessage } from 'node:http'
import {
  type ClientRegistry,
  type Clock,
  isMethodOf,
  isSecretOf,
  type RegisteredClient,
  type StateStore,
  type UsedAssertion,
} from '@device-grant/core'
import {
  type BasicCredentials,
  formDecode,
  readClientCredentials,
  TWO_CLIENTS,
  TWO_WAYS,
} from '../device/client-credentials.ts'
import type {
  ClientEndpoint,
  ClientError,
  ClientIdentification,
  ClientIdentity,
} from '../device/identify-client.ts'
import type { Parameters } from '../http/request-parameters.ts'
import {
  checkClientAssertion,
  clientIdOfAssertion,
  SIGNING_ALGORITHMS,
} from './client-assertion.ts'
import { ClientKeys } from './client-keys.ts'
import { HeldAnswers, type Pause } from './held-answers.ts'
import { pauseInRealTime } from './pause.ts'

/** Why a client was refused. */
export type ClientRefusalReason =
  /** The registry does not know the client. */
  | 'unknown_client'
  /** The client did not authenticate as it is registered. */
  | 'wrong_method'
  | 'wrong_secret'
  | 'wrong_assertion'

/** The parts of the authentication of clients. */
export interface AuthenticateClientsOptions {
  readonly registry: ClientRegistry
  /** Keeps used client assertions. All processes must share it. */
  readonly usedAssertions: StateStore<UsedAssertion>
  /**
   * Receives every refusal, for counting. `clientId` is the id of a registered client, if there is one.
   * @default refusals are not reported
   */
  readonly onRefused?:
    | ((
        reason: ClientRefusalReason,
        clientId: string | undefined,
        request: IncomingMessage,
      ) => void)
    | undefined
  /**
   * The clock, in epoch milliseconds.
   * @default { now: Date.now }
   */
  readonly clock?: Clock | undefined
  /**
   * Waits so many milliseconds, or until the signal is aborted. Answers to wrong secrets wait for it.
   * @default a pause in real time
   */
  readonly pause?: Pause | undefined
  /**
   * Loads the keys of clients that have a `jwks_uri`.
   * @default the global fetch
   */
  readonly fetch?: typeof fetch | undefined
}

/**
 * Makes clients authenticate as they are registered (RFC 6749 section 2.3, RFC 7523), for the option
 * `clients` of `createDeviceGrantRouter`. A request without `client_id` is refused.
 */
export const authenticateClients = ({
  registry,
  usedAssertions,
  onRefused = () => {},
  clock = { now: Date.now },
  pause = pauseInRealTime,
  fetch = globalThis.fetch,
}: AuthenticateClientsOptions): ClientIdentification => {
  const held = new HeldAnswers(pause)
  const checks = { keys: new ClientKeys({ fetch, clock }), usedAssertions, clock }

  const check = async (
    client: RegisteredClient,
    proof: Proof,
    { audiences }: ClientEndpoint,
  ): Promise<Check> => {
    if (!isMethodOf(client, proof.method)) return METHOD_REFUSED
    switch (proof.method) {
      case 'none':
        return { outcome: 'public' }
      case 'private_key_jwt': {
        const found = await checkClientAssertion({ ...proof, client, audiences }, checks)
        if (found.outcome === 'valid') return { outcome: 'authenticated' }
        const description = `The client assertion is not valid: ${found.what}`
        return { outcome: 'wrong_assertion', description, cause: found.cause }
      }
      default:
        return proof.secrets.some((secret) => isSecretOf(client, secret))
          ? { outcome: 'authenticated' }
          : SECRET_REFUSED
    }
  }

  const identify = async (
    request: IncomingMessage,
    parameters: Parameters,
    endpoint: ClientEndpoint,
  ): Promise<ClientIdentity> => {
    const read = readClientCredentials(request, parameters)
    if (!read.ok) return read
    const { named, basic } = read
    const proof = readProof(basic, parameters)
    if (!proof) return TWO_WAYS
    if (basic && named !== undefined && !basic.ids.includes(named)) return TWO_CLIENTS
    const ids = named === undefined ? idsOf(basic, proof) : [named]
    const [first] = ids
    if (first === undefined) return proof.method === 'private_key_jwt' ? UNREADABLE : NO_CLIENT
    const challenge = basic !== undefined
    let refusal: Refused = UNKNOWN
    let refused: string | undefined
    try {
      for (const client of await findAll(registry, ids)) {
        const { clientId } = client
        const found = await check(client, proof, endpoint)
        if (found.outcome === 'public') return { ok: true, candidates: [clientId] }
        if (found.outcome === 'authenticated') {
          return { ok: true, candidates: [clientId], authenticated: true }
        }
        refusal = found
        refused = clientId
      }
    } catch (cause) {
      return { ok: false, error: 'unavailable', cause }
    }
    const { outcome, description, cause } = refusal
    onRefused(outcome, refused, request)
    if (outcome === 'wrong_secret') await held.hold(request)
    return { ok: false, error: 'invalid_client', description, challenge, cause }
  }

  return {
    identify,
    methods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    signingAlgorithms: SIGNING_ALGORITHMS,
  }
}

/** What a request proves its client with. */
type Proof =
  | { readonly method: 'none' }
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      /** The secret, form-decoded and as sent. */
      readonly secrets: readonly string[]
    }
  | {
      readonly method: 'private_key_jwt'
      readonly assertion: string
      readonly type: string | undefined
    }

interface Refused {
  readonly outcome: ClientRefusalReason
  readonly description: string
  readonly cause?: unknown
}

type Check = { readonly outcome: 'public' } | { readonly outcome: 'authenticated' } | Refused

/** Reads the only proof of a request, or returns `undefined` if there are several. */
const readProof = (
  basic: BasicCredentials | undefined,
  parameters: Parameters,
): Proof | undefined => {
  const secret = parameters.get('client_secret')
  const assertion = parameters.get('client_assertion')
  const type = parameters.get('client_assertion_type')
  const hasAssertion = assertion !== undefined || type !== undefined
  const ways = [basic !== undefined, secret !== undefined, hasAssertion].filter(Boolean)
  if (ways.length > 1) return undefined
  if (hasAssertion) return { method: 'private_key_jwt', assertion: assertion ?? '', type }
  if (secret !== undefined) return { method: 'client_secret_post', secrets: [secret] }
  if (!basic || basic.secret === '') return { method: 'none' }
  const decoded = formDecode(basic.secret)
  const secrets = decoded === undefined ? [basic.secret] : [decoded, basic.secret]
  return { method: 'client_secret_basic', secrets }
}

const idsOf = (basic: BasicCredentials | undefined, proof: Proof): readonly string[] => {
  if (basic) return basic.ids
  const id = proof.method === 'private_key_jwt' ? clientIdOfAssertion(proof.assertion) : undefined
  return id === undefined ? [] : [id]
}

/** The registered clients among these ids. */
const findAll = async (
  registry: ClientRegistry,
  ids: readonly string[],
): Promise<readonly RegisteredClient[]> => {
  const found = await Promise.all(ids.map((id) => registry.find(id)))
  return found.filter((client) => client !== undefined)
}

const NO_CLIENT: ClientError = {
  ok: false,
  error: 'invalid_request',
  description: 'client_id is missing',
  challenge: false,
  namesNoClient: true,
}

const UNREADABLE: ClientError = {
  ok: false,
  error: 'invalid_client',
  description: 'The client assertion names no client',
  challenge: false,
}

const UNKNOWN: Refused = { outcome: 'unknown_client', description: 'The client is unknown' }

const METHOD_REFUSED: Refused = {
  outcome: 'wrong_method',
  description: 'The client must authenticate as it is registered',
}

const SECRET_REFUSED: Refused = {
  outcome: 'wrong_secret',
  description: 'The client secret is wrong',
}
