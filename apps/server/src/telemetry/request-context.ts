import { AsyncLocalStorage } from 'node:async_hooks'
import { randomFillSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parseTraceparent } from './traceparent.ts'

/** What every log line of a request has. */
export interface RequestContext {
  readonly requestId: string
  /** The trace that the request belongs to (W3C Trace Context), 32 hexadecimal digits. */
  traceId?: string | undefined
}

const CONTEXT: unique symbol = Symbol('device-grant.RequestContext')

// A property costs a request less than an entry of a WeakMap.
type IdentifiedRequest = IncomingMessage & { [CONTEXT]?: RequestContext }

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Gives a request its id: the one in `X-Request-Id` if it has 1 to 64 letters, digits, dots, underscores
 * and hyphens, else a random one.
 */
export const identify = (request: IncomingMessage): RequestContext => {
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomId()
  const context = { requestId, traceId: parseTraceparent(request.headers['traceparent'])?.traceId }
  ;(request as IdentifiedRequest)[CONTEXT] = context
  return context
}

const ID_BYTES = 8
const randomBytes = Buffer.alloc(512 * ID_BYTES)
let used = randomBytes.length

/** 16 hexadecimal digits. Random bytes are made for many ids at once, and polls send a short header. */
const randomId = (): string => {
  if (used === randomBytes.length) {
    randomFillSync(randomBytes)
    used = 0
  }
  used += ID_BYTES
  return randomBytes.toString('hex', used - ID_BYTES, used)
}

/** The context of a request that was identified, or `undefined`. */
export const contextOf = (request: IncomingMessage): RequestContext | undefined =>
  (request as IdentifiedRequest)[CONTEXT]

const storage = new AsyncLocalStorage<RequestContext>()
let followed = 0
let entered: RequestContext | undefined

/**
 * Does the work of a request, so that log lines of all its asynchronous steps have the context. Node 20
 * and 22 then make every promise of the process slower, so this ends with the last followed request.
 */
export const follow = async (context: RequestContext, work: () => Promise<void>): Promise<void> => {
  followed += 1
  try {
    await storage.run(context, work)
  } finally {
    followed -= 1
    if (followed === 0) storage.disable()
  }
}

/** Does work of a request that is not followed. The work has no asynchronous steps. */
export const enter = <T>(context: RequestContext | undefined, work: () => T): T => {
  const before = entered
  entered = context
  try {
    return work()
  } finally {
    entered = before
  }
}

/** Does work that belongs to no request, although a request has caused it. */
export const outsideRequests = <T>(work: () => T): T => storage.exit(() => enter(undefined, work))

/** The members that a log line has because of the request that it belongs to. */
export const requestFields = (): RequestContext | Record<string, never> =>
  entered ?? storage.getStore() ?? {}
