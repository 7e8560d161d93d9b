import { setTimeout as pause } from 'node:timers/promises'
import type { Servers } from './device.ts'
import { type Answer, post, send } from './requests.ts'
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
    `${servers.next()}/oauth/device/verify-authenticated`,
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

/** Whether a key works at this server, and which one it is. */
export const keyIdAt = async (
  tally: Tally,
  url: string,
  apiKey: string,
): Promise<string | undefined> => {
  const { status, body } = await send(tally, 'whoami', `${url}/api/whoami`, {
    headers: { Authorization: `Bearer ${apiKey}` },
  })
  const key = body['key']
  return status === 200 && key !== null && typeof key === 'object' && 'id' in key
    ? String(key.id)
    : undefined
}
