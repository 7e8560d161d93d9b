import { setTimeout as pause } from 'node:timers/promises'
import { grantIdOf, keyIdOf } from '@device-grant/core'
import { AUTHORIZE, GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { type Answer, post } from './requests.ts'
import type { Tally } from './tally.ts'

/** Chooses the server of each request, as a load balancer does. */
export interface Servers {
  next(): string
}

/** Chooses each server in turn. */
export const inTurn = (urls: readonly string[]): Servers => {
  let turn = 0
  return {
    next: () => {
      const url = urls[turn++ % urls.length]
      if (url === undefined) throw new Error('There are no servers')
      return url
    },
  }
}

/** The codes of a device, and their ids in the stores. */
export interface Codes {
  readonly deviceCode: string
  readonly userCode: string
  /** In seconds. */
  readonly interval: number
  readonly grantId: string
  readonly keyId: string
}

const ATTEMPTS = 20

/**
 * Requests codes, and repeats it while a server is down.
 * @throws {Error} if there are none after many attempts
 */
export const authorize = async (servers: Servers, tally: Tally): Promise<Codes> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { status, body } = await post(tally, 'authorize', servers.next() + AUTHORIZE, {
      client_id: 'cli',
      scope: 'read',
    })
    if (status === 200) {
      const deviceCode = String(body['device_code'])
      const grantId = grantIdOf(deviceCode)
      return {
        deviceCode,
        userCode: String(body['user_code']),
        interval: Number(body['interval']),
        grantId,
        keyId: keyIdOf(grantId),
      }
    }
    if (status !== 0 && status !== 503) throw new Error(`authorize: ${status}`)
    await pause(1_000)
  }
  throw new Error(`No codes in ${ATTEMPTS} attempts`)
}

/** Polls once. */
export const poll = (servers: Servers, tally: Tally, { deviceCode }: Codes): Promise<Answer> =>
  post(tally, 'poll', servers.next() + TOKEN, {
    grant_type: GRANT_TYPE,
    client_id: 'cli',
    device_code: deviceCode,
  })

/** How a login ended. */
export type Login =
  | { readonly outcome: 'key'; readonly apiKey: string; readonly polls: number }
  | { readonly outcome: 'refused'; readonly error: string; readonly polls: number }

export interface PollOptions {
  /** Gives up at this time, epoch milliseconds. */
  readonly until: number
  /** Called before each poll, which it may delay. */
  readonly beforePoll?: () => Promise<void>
}

/**
 * Polls as RFC 8628 section 3.5 demands, until there is a key or a refusal. After `slow_down` it uses
 * the interval of the answer, or adds 5 s. A failed connection does not end it.
 * @throws {Error} if it takes too long, or if an answer is not one of the RFC
 */
export const pollUntilDone = async (
  servers: Servers,
  tally: Tally,
  codes: Codes,
  { until, beforePoll = async () => {} }: PollOptions,
): Promise<Login> => {
  let seconds = codes.interval
  for (let polls = 1; Date.now() < until; polls++) {
    await pause(seconds * 1_000)
    await beforePoll()
    const { status, body } = await poll(servers, tally, codes)
    if (status === 0) continue
    if (status === 200) return { outcome: 'key', apiKey: String(body['access_token']), polls }
    const { error, interval } = body
    if (status !== 400 || typeof error !== 'string')
      throw new Error(`A poll was answered ${status}`)
    if (error === 'slow_down') seconds = typeof interval === 'number' ? interval : seconds + 5
    else if (error !== 'authorization_pending') return { outcome: 'refused', error, polls }
  }
  throw new Error(`The login of ${codes.userCode} did not end in time`)
}
