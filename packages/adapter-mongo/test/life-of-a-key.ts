import {
  type Clock,
  createMemoryStores,
  createPolicy,
  createUseCases,
  type UseCases,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import type { Db } from 'mongodb'
import { type MongoStores, patientStores } from './patient.ts'

/** All use cases on these stores. The other states are in memory, and every key check reads. */
export const useCasesOn = (stores: MongoStores, clock: Clock): UseCases =>
  createUseCases({
    ...createMemoryStores({ clock }),
    ...stores,
    policy: createPolicy({ keyCheckMaxAgeMs: 0 }),
    clock,
  })

/** Makes every write of the life of a key, and returns the replies. */
export const lifeOfAKey = async (db: Db, person: string): Promise<object> => {
  let now = Date.now()
  const all = useCasesOn(patientStores(db), { now: () => now })
  const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
  await all.reviewUserCode({ userCode, person })
  const answer = await all.answerUserCode({ userCode, person, decision: 'approve' })
  const poll = await all.pollForToken({ deviceCode })
  if (poll.outcome !== 'granted') return { replies: [answer.outcome, poll.outcome] }
  const { apiKey, keyId } = poll
  const used = await all.authenticateApiKey(apiKey)
  now += 61_000
  const usedAgain = await all.authenticateApiKey(apiKey)
  const [listed, ...more] = (await all.listApiKeys({ owner: person })).keys
  const revoked = await all.revokeApiKey({ owner: person, keyId })
  const after = await all.authenticateApiKey(apiKey)
  return {
    replies: [...[answer, poll, used, usedAgain, after].map(({ outcome }) => outcome), revoked],
    keys: more.length + (listed ? 1 : 0),
    lastUsedAt: listed?.lastUsedAt === now,
  }
}

/** What `lifeOfAKey` returns if nothing fails, or if every error was recovered from. */
export const WHOLE_LIFE: object = {
  replies: ['approved', 'granted', 'valid', 'valid', 'revoked', 'revoked'],
  keys: 1,
  lastUsedAt: true,
}

/** Approve, claim, use, use a minute later, revoke. */
export const WRITES_OF_A_LIFE: number = 5
