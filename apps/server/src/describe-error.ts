import type { Logger } from 'pino'

/** An error as the log shows it. */
export interface ErrorDescription {
  /** The name of the error. */
  readonly error: string
  readonly code?: string | number | undefined
  readonly message?: string
  /** The messages and codes of the innermost causes, which say what really went wrong. */
  readonly cause?: string | undefined
  /** The lines of the stack, at `LOG_LEVEL=debug`. */
  readonly stack?: readonly string[] | undefined
}

/** A replica set has a handful of servers, and each may fail for a reason of its own. */
const MAX_CAUSES = 5
const MAX_LENGTH = 500

/**
 * Describes an error for the log, without the credentials and queries of URLs.
 * @param log without it there is no stack
 */
export const describeError = (error: unknown, log?: Logger): ErrorDescription => {
  if (!(error instanceof Error)) return { error: 'not an Error' }
  const seen = new Set<unknown>([error])
  const causes = new Set(causesOf(error).flatMap((cause) => innermost(cause, seen)))
  return {
    error: error.name,
    code: codeOf(error),
    message: withoutSecrets(error.message),
    cause: [...causes].slice(0, MAX_CAUSES).map(withoutSecrets).join('; ') || undefined,
    stack: log?.isLevelEnabled('debug')
      ? error.stack?.split('\n').map((line) => withoutSecrets(line))
      : undefined,
  }
}

/** Describes this error, or the errors below it that have no further cause. */
const innermost = (error: unknown, seen: Set<unknown>): readonly string[] => {
  if (typeof error !== 'object' || error === null || seen.has(error)) return []
  seen.add(error)
  const below = causesOf(error).flatMap((cause) => innermost(cause, seen))
  return below.length > 0 ? below : [textOf(error)].filter((text) => text !== undefined)
}

/** The causes in the places where Node, the drivers and OpenID clients keep them. */
const causesOf = (error: object): readonly unknown[] => {
  const { cause, errors, reason } = error as Details
  // An error of the MongoDB driver has the state of all servers, and one of them as its cause.
  const servers = serversOf(reason).flatMap(({ error: ofServer }) => ofServer ?? [])
  if (servers.length > 0) return servers
  return [...(Array.isArray(errors) ? errors : []), cause, reason]
}

interface Details {
  readonly cause?: unknown
  readonly errors?: unknown
  readonly reason?: unknown
}

interface MongoServer {
  readonly address: string
  readonly type: string
  readonly error?: unknown
}

const serversOf = (topology: unknown): readonly MongoServer[] => {
  const { servers } = (topology ?? {}) as { readonly servers?: unknown }
  return servers instanceof Map ? [...servers.values()] : []
}

const textOf = (error: object): string | undefined => {
  if (error instanceof Error) return textOfError(error)
  if (error instanceof Response) return `HTTP ${error.status} from ${error.url}`
  return textOfTopology(error) ?? textOfComparison(error)
}

const textOfError = (error: Error): string => {
  const code = codeOf(error)
  const message = error.message.trim()
  if (code === undefined) return message
  return message === '' ? String(code) : `${message} (${code})`
}

const codeOf = (error: Error): string | number | undefined => {
  const { code, codeName } = error as { readonly code?: unknown; readonly codeName?: unknown }
  return [codeName, code].find((one) => typeof one === 'string' || typeof one === 'number') as
    | string
    | number
    | undefined
}

/** The servers that the MongoDB driver knows, if none of them has an error. */
const textOfTopology = (topology: object): string | undefined => {
  const { setName, servers } = topology as {
    readonly setName?: unknown
    readonly servers?: unknown
  }
  if (!(servers instanceof Map)) return undefined
  const known = serversOf(topology).map(({ address, type }) => `${address} is ${type}`)
  const set = typeof setName === 'string' ? ` of replica set ${setName}` : ''
  return `no server${set} was found (${known.join(', ') || 'none answered as a member'})`
}

/** The two values that an OpenID client found different. */
const textOfComparison = (details: object): string | undefined => {
  const { expected, attribute, body } = details as {
    readonly expected?: unknown
    readonly attribute?: unknown
    readonly body?: Readonly<Record<string, unknown>>
  }
  if (typeof attribute !== 'string' || typeof expected !== 'string') return undefined
  return `${attribute} is ${String(body?.[attribute])}, expected ${expected}`
}

const STORE_URL = /\b((?:mongodb|rediss?|valkeys?)(?:\+\w+)?:\/\/)\S*/gi
const URL_PARTS = /\b([a-z][a-z\d+.-]*:\/\/)(?:\S*@)?([^\s?#"']*)(?:[?#][^\s"']*)?/gi

/** Cuts connection strings, and the credentials and queries of other URLs. */
const withoutSecrets = (text: string): string =>
  text.replace(STORE_URL, '$1…').replace(URL_PARTS, '$1$2').slice(0, MAX_LENGTH)
