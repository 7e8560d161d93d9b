import { setTimeout as pause } from 'node:timers/promises'
import { VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import type { Servers } from './device.ts'
import { type Answer, post } from './requests.ts'
import type { Tally } from './tally.ts'

/** A person decides, once. */
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

export type Approval =
  /** `told`: the server said that it was approved just now. */
  | { readonly outcome: 'approved'; readonly presses: number; readonly told: boolean }
  | { readonly outcome: 'refused'; readonly detail: string; readonly presses: number }

const PRESSES = 20

/** Approves, and presses again when told that it failed, that the outcome is unknown, or nothing at all. */
export const approve = async (
  servers: Servers,
  tally: Tally,
  person: string,
  userCode: string,
): Promise<Approval> => {
  for (let presses = 1; presses <= PRESSES; presses++) {
    const { status, body } = await decide(servers, tally, person, userCode)
    if (status === 200) return { outcome: 'approved', presses, told: true }
    if (body['your_decision'] === 'approve') return { outcome: 'approved', presses, told: false }
    if (status !== 0 && status !== 503) {
      return { outcome: 'refused', detail: `${status} ${String(body['detail'])}`, presses }
    }
    await pause(1_000)
  }
  throw new Error(`Not approved with ${PRESSES} presses`)
}
