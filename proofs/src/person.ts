import { setTimeout as pause } from 'node:timers/promises'
import { VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import type { Servers } from './device.ts'
import { type Answer, post } from './requests.ts'
import type { Tally } from './tally.ts'

/** Decides once, as a person whom a proxy has signed in. */
export const decide = (
  servers: Servers,
  tally: Tally,
  person: string,
  userCode: string,
  decision: 'approve' | 'deny' = 'approve',
): Promise<Answer> =>
  post(
    tally,
    decision,
    servers.next() + VERIFY_AUTHENTICATED,
    { user_code: userCode, decision },
    { 'X-Forwarded-User': person },
  )

/** The result of one or more presses of the button. */
export type Approval =
  | {
      readonly outcome: 'approved'
      readonly presses: number
      /** False if the last answer only reported an earlier approval. */
      readonly confirmed: boolean
    }
  | { readonly outcome: 'refused'; readonly detail: string; readonly presses: number }

const PRESSES = 20

/**
 * Approves. Presses again if it failed, if its outcome is unknown, or if there was no answer.
 * @throws {Error} if there is no outcome after many presses
 */
export const approve = async (
  servers: Servers,
  tally: Tally,
  person: string,
  userCode: string,
): Promise<Approval> => {
  for (let presses = 1; presses <= PRESSES; presses++) {
    const { status, body } = await decide(servers, tally, person, userCode)
    if (status === 200) return { outcome: 'approved', presses, confirmed: true }
    if (body['your_decision'] === 'approve')
      return { outcome: 'approved', presses, confirmed: false }
    if (status !== 0 && status !== 503) {
      return { outcome: 'refused', detail: `${status} ${String(body['detail'])}`, presses }
    }
    await pause(1_000)
  }
  throw new Error(`Not approved with ${PRESSES} presses`)
}
