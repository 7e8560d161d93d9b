import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/**
 * Calls a listener for all requests of one turn of the event loop at its end. Each step then runs for
 * many requests in a row, and their answers wake a proxy once. A request without company waits for
 * microseconds. Each keeps its asynchronous context, for example the span of an instrumentation.
 * Requests whose client is gone by then are dropped.
 * @param listener throws no error
 */
export const gatherRequests = (listener: RequestListener): RequestListener => {
  let gathered: GatheredRequest[] = []
  const answer = (): void => {
    const requests = gathered
    gathered = []
    for (const { context, request, response } of requests) {
      if (!request.destroyed) context.runInAsyncScope(listener, undefined, request, response)
    }
  }
  return (request, response) => {
    if (gathered.length === 0) setImmediate(answer)
    gathered.push({ context: new AsyncResource('GatheredRequest'), request, response })
  }
}

interface GatheredRequest {
  readonly context: AsyncResource
  readonly request: IncomingMessage
  readonly response: ServerResponse
}
