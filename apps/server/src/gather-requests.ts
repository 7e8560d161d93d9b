import type { RequestListener } from 'node:http'

/**
 * Calls a listener for all requests of one turn of the event loop at its end. Each step then runs for
 * many requests in a row, and their answers wake a proxy once. A request without company waits for
 * microseconds. Requests whose client is gone by then are dropped.
 * @param listener throws no error
 */
export const gatherRequests = (listener: RequestListener): RequestListener => {
  let gathered: Parameters<RequestListener>[] = []
  const answer = (): void => {
    const requests = gathered
    gathered = []
    for (const [request, response] of requests) if (!request.destroyed) listener(request, response)
  }
  return (request, response) => {
    if (gathered.length === 0) setImmediate(answer)
    gathered.push([request, response])
  }
}
