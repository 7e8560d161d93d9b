import type { IncomingMessage } from 'node:http'

/** @throws {Error} if a body parser has read the body already; reading it again would never end */
export const assertBodyUnread = (request: IncomingMessage): void => {
  if (request.readableEnded) {
    throw new Error('The body was read already: put the router in front of any body parser')
  }
}
