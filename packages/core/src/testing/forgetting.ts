import type { StateStore } from '../ports.ts'
import { check, same } from './assertions.ts'
import { pause } from './pause.ts'
import type { KitTest } from './runner.ts'
import { later, newId, type Sample } from './sample.ts'
import { read, write } from './updates.ts'

/** Above a second, so that a store that forgets a second early is found. */
const LIFETIME_MS = 1_300
/** How far the clock of the server may be ahead. */
const CLOCK_TOLERANCE_MS = 100
/** A read that starts this late finds a store that forgets a second early. */
const LATE_MS = 800
/** A busy machine may have no time for a late read, so the next round tries again. */
const ROUNDS = 20
const DAY_MS = 86_400_000

/** Tests that states are kept until their `keepUntil`. Samples have a value and nothing else. */
export const testForgetting = <Store>(
  it: KitTest<Store>,
  states: (store: Store) => StateStore<Sample>,
): void => {
  it('a later keepUntil replaces an earlier one', async ({ store, peer }) => {
    const id = newId()
    const earlier = Date.now() + 50
    await write(states(store), id, { value: 1, keepUntil: earlier })
    await write(states(store), id, { value: 2, keepUntil: later() })
    for (let past = false; !past; await pause()) {
      past = Date.now() > earlier + CLOCK_TOLERANCE_MS
      same((await read(states(peer), id))?.value, 2, 'state')
    }
  })

  it('a state is not forgotten before its keepUntil', async ({ store, peer }) => {
    const readers = [states(peer), states(store)]
    for (let round = 0; round < ROUNDS; round++) {
      if (await isReadUntilTheEnd(states(store), readers)) return
    }
    throw new Error(`No read was answered in the last ${LATE_MS} ms before keepUntil`)
  })

  it('a lifetime follows keepUntil', async ({ store, forgetsAt }) => {
    if (!forgetsAt) return
    const id = newId()
    for (const lifetimeMs of [90_000, 400 * DAY_MS, 20 * 60_000]) {
      const keepUntil = Date.now() + lifetimeMs
      await write(states(store), id, { value: lifetimeMs, keepUntil })
      const forgottenAt = (await forgetsAt(id)) ?? Number.POSITIVE_INFINITY
      const early = keepUntil - forgottenAt
      check(
        early <= CLOCK_TOLERANCE_MS,
        `forgotten ${early} ms before a keepUntil in ${lifetimeMs} ms`,
      )
    }
  })
}

/** Whether a read started late enough to find a store that forgets a second early. */
const isReadUntilTheEnd = async (
  store: StateStore<Sample>,
  readers: readonly StateStore<Sample>[],
): Promise<boolean> => {
  const id = newId()
  const keepUntil = Date.now() + LIFETIME_MS
  await write(store, id, { value: 1, keepUntil })
  let late = false
  for (;;) {
    for (const reader of readers) {
      const startedAt = Date.now()
      const state = await read(reader, id)
      const leftMs = keepUntil - Date.now()
      if (leftMs <= CLOCK_TOLERANCE_MS) return late
      check(state !== undefined, `forgotten at least ${leftMs} ms early`)
      late ||= startedAt > keepUntil - LATE_MS
    }
    await pause()
  }
}
