import type { Agent, OutgoingHttpHeaders } from 'node:http'
import { AUTHORIZE, GRANT_TYPE, TOKEN } from './endpoints.ts'
import { type Answer, membersOf, post } from './http-exchange.ts'

/** The answer to a device authorization request (RFC 8628 section 3.2). */
export interface Codes {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/**
 * Requests codes as a device does.
 * @throws {Error} if there are none
 */
export const authorize = async (
  url: string,
  parameters: Readonly<Record<string, string>> = { client_id: 'cli' },
  headers: OutgoingHttpHeaders = {},
  agent: Agent | false = false,
): Promise<Codes> => {
  const answer = await post(url, AUTHORIZE, parameters, headers, agent)
  if (answer.status !== 200) throw new Error(`authorize: ${answer.status} ${answer.text}`)
  return membersOf(answer) as unknown as Codes
}

/** Polls once, as the client `cli` unless `more` says otherwise. */
export const poll = (
  url: string,
  device_code: string,
  more: Readonly<Record<string, string>> = {},
  agent: Agent | false = false,
): Promise<Answer> =>
  post(url, TOKEN, { grant_type: GRANT_TYPE, client_id: 'cli', device_code, ...more }, {}, agent)

/** The error of an answer, or `token`. */
export const outcomeOf = (answer: Answer): string => {
  const { error, access_token } = membersOf(answer)
  return typeof access_token === 'string' ? 'token' : String(error)
}

/** Polls once. Returns the error, or `token`. */
export const pollOutcome = async (url: string, deviceCode: string): Promise<string> =>
  outcomeOf(await poll(url, deviceCode))

/**
 * Polls once for the API key of an approved code.
 * @throws {Error} if there is no key
 */
export const pickUp = async (url: string, deviceCode: string): Promise<string> => {
  const answer = await poll(url, deviceCode)
  const { access_token } = membersOf(answer)
  if (typeof access_token !== 'string') throw new Error(`pick-up: ${answer.text}`)
  return access_token
}
