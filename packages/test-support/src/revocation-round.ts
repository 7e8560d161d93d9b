import { bearer } from './authorization-header.ts'
import { authorize, outcomeOf, poll } from './device.ts'
import { type Answer, membersOf, send } from './http-exchange.ts'
import { decide, sendDecision } from './person.ts'
import { whoami } from './whoami.ts'

/** How a round is made. */
export interface RevocationRoundOptions {
  /** Servers on the same stores, with the routes for operators. */
  readonly urls: readonly [string, ...string[]]
  readonly adminToken: string
  readonly person: string
  /** How many devices pick their keys up at once. Every other one is approved meanwhile. */
  readonly devices: number
}

/** What came of a round. */
export interface RevocationRound {
  /** How many keys were picked up. */
  readonly pickedUp: number
  /** How many keys the operator revoked. */
  readonly revoked: number
  /** How many devices got the answer that they get no key. */
  readonly denied: number
  /** How many approvals were refused, because all keys had been revoked a moment ago. */
  readonly refused: number
  /** The keys that still work, although they were approved up to a second after the revocation. */
  readonly survivors: readonly string[]
  /** How many keys work, because they were approved later. */
  readonly later: number
}

/** Approvals up to so many milliseconds after a revocation give no key. */
const CLOCK_SKEW_MS = 1_000
/** The operator revokes after this share of the devices had an answer. */
const REVOKE_AFTER = 0.6

/**
 * Many devices of one person pick their keys up at once, while the person approves others, and in between
 * an operator revokes all keys of that person.
 */
export const revocationRound = async (
  options: RevocationRoundOptions,
): Promise<RevocationRound> => {
  const { urls, person, devices } = options
  const urlOf = (i: number): string => urls[i % urls.length] ?? urls[0]
  const numbers = Array.from({ length: devices }, (_, i) => i)
  const codes = await Promise.all(numbers.map((i) => authorize(urlOf(i))))
  const early = numbers.filter((i) => i % 2 === 0)
  const late = numbers.filter((i) => i % 2 === 1)
  const approve = (i: number): Promise<void> =>
    decide(urlOf(i + 1), codes[i]?.user_code ?? '', 'approve', person)
  await inLanes(early, approve)

  let revocation: Promise<{ readonly sentAt: number; readonly revoked: number }> | undefined
  const answers: Answer[] = []
  const pickUp = async (i: number): Promise<void> => {
    answers.push(await poll(urlOf(i), codes[i]?.device_code ?? ''))
    if (answers.length >= REVOKE_AFTER * devices) revocation ??= revokeAll(options)
  }
  let refused = 0
  const approveAndPickUp = async (i: number): Promise<void> => {
    const answer = await sendDecision(urlOf(i + 1), codes[i]?.user_code ?? '', 'approve', person)
    if (answer.status === 200) return pickUp(i)
    if (answer.status !== 503 || !revocation) throw new Error(`${answer.status} ${answer.text}`)
    refused += 1
  }
  await Promise.all([...early.map(pickUp), inLanes(late, approveAndPickUp)])
  const { sentAt, revoked } = (await revocation) ?? { sentAt: 0, revoked: 0 }

  const keys = answers.flatMap((answer) => {
    const key = membersOf(answer)['access_token']
    return typeof key === 'string' ? [key] : []
  })
  const working = await filterAsync(keys, async (key) => {
    const checks = await Promise.all(urls.map((url) => whoami(url, key)))
    return checks.some(({ status }) => status === 200)
  })
  const survivors = await filterAsync(
    working,
    async (key) => (await approvedAt(options, key)) <= sentAt + CLOCK_SKEW_MS,
  )
  return {
    pickedUp: keys.length,
    revoked,
    denied: answers.filter((answer) => outcomeOf(answer) === 'access_denied').length,
    refused,
    survivors,
    later: working.length - survivors.length,
  }
}

/** A person with more approvals at once than wrong codes allowed is refused, so there are a few lanes. */
const LANES = 4

const inLanes = async (
  numbers: readonly number[],
  work: (i: number) => Promise<void>,
): Promise<void> => {
  const left = [...numbers]
  const lane = async (): Promise<void> => {
    for (let i = left.shift(); i !== undefined; i = left.shift()) await work(i)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Revokes all keys of the person at the first server. */
const revokeAll = async ({ urls, adminToken, person }: RevocationRoundOptions) => {
  const sentAt = Date.now()
  const answer = await send(urls[0], {
    path: '/admin/revoke',
    headers: { ...bearer(adminToken), 'content-type': 'application/json' },
    body: JSON.stringify({ owner: person }),
  })
  if (answer.status !== 200) throw new Error(`revoke: ${answer.status} ${answer.text}`)
  return { sentAt, revoked: Number(membersOf(answer)['revoked']) }
}

/** When a key was approved, in epoch milliseconds. */
const approvedAt = async (
  { urls, adminToken }: RevocationRoundOptions,
  apiKey: string,
): Promise<number> => {
  const path = `/admin/keys/${apiKey.split('_')[1]}`
  const answer = await send(urls[0], { method: 'GET', path, headers: bearer(adminToken) })
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`)
  return Date.parse(String(membersOf(answer)['approved_at']))
}

const filterAsync = async <T>(
  items: readonly T[],
  isWanted: (item: T) => Promise<boolean>,
): Promise<readonly T[]> => {
  const wanted = await Promise.all(items.map(isWanted))
  return items.filter((_, i) => wanted[i])
}
