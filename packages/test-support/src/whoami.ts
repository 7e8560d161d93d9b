import { bearer } from './authorization-header.ts'
import { WHOAMI } from './endpoints.ts'
import { type Answer, send } from './http-exchange.ts'

/** Uses an API key at the service that answers whose key it is. */
export const whoami = (url: string, apiKey: string): Promise<Answer> =>
  send(url, { method: 'GET', path: WHOAMI, headers: bearer(apiKey) })
