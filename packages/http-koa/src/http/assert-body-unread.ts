import type { IncomingMessage } from 'node:http'

/** @throws {Error} when a body parser of the application has taken the body: nobody would ever answer */
export const assertBodyUnread = (request: IncomingMessage): void => {
  if (request.readableEnded) {
    throw new Error('The body was read already: put the router in front of any body parser')
  }
}
