import { Agent } from 'node:http'
import { authorize, type Codes, outcomeOf, poll } from './device.ts'
import { type Answer, membersOf } from './http-exchange.ts'

/** What a device does besides sending requests. */
export interface StubbornDevice {
  /** Approves the code as a person. */
  approve(userCode: string): Promise<void>
  /** Lets so many seconds pass. */
  wait(seconds: number): Promise<void>
}

/** A login that has ended with a key. */
export interface DeviceLogin {
  readonly codes: Codes
  readonly apiKey: string
  /** How many requests had no answer. */
  readonly lost: number
}

const MOST_REQUESTS = 20

/**
 * Logs in over one connection: codes, a poll, an approval, and polls until there is a key. A request
 * without an answer is sent again.
 * @throws {Error} if a poll is refused, or 20 requests do not suffice
 */
export const logInStubbornly = async (
  url: string,
  { approve, wait }: StubbornDevice,
): Promise<DeviceLogin> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let lost = 0
  const answered = async <T>(request: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await request()
      } catch (error) {
        if (!isConnectionLost(error) || ++lost >= MOST_REQUESTS) throw error
        await wait(2)
      }
    }
  }
  try {
    const codes = await answered(() => authorize(url, { client_id: 'cli' }, {}, agent))
    const pollOnce = (): Promise<Answer> =>
      answered(() => poll(url, codes.device_code, { client_id: 'cli' }, agent))
    const early = outcomeOf(await pollOnce())
    // A poll whose answer was lost makes the next one early.
    if (early !== 'authorization_pending' && early !== 'slow_down')
      throw new Error(`Before the approval: ${early}`)
    await approve(codes.user_code)
    for (let polls = 0; polls < MOST_REQUESTS; polls++) {
      await wait(codes.interval)
      const answer = await pollOnce()
      const outcome = outcomeOf(answer)
      if (outcome === 'token') {
        return { codes, apiKey: String(membersOf(answer)['access_token']), lost }
      }
      if (outcome !== 'slow_down') throw new Error(`After the approval: ${outcome}`)
    }
    throw new Error(`No key after ${MOST_REQUESTS} polls`)
  } finally {
    agent.destroy()
  }
}

/** Whether a connection ended before or within an answer, by the code of Node's error. */
const isConnectionLost = (error: unknown): boolean =>
  typeof (error as NodeJS.ErrnoException).code === 'string'
