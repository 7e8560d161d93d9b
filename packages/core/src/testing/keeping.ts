import type { StateStore } from '../ports.ts'
import { same } from './assertions.ts'
import type { KitTest } from './runner.ts'
import { later, longText, newId, type Sample } from './sample.ts'
import { read, write } from './updates.ts'

/** Tests that states are kept unchanged and apart from each other. */
export const testKeeping = <Store>(
  it: KitTest<Store>,
  states: (store: Store) => StateStore<Sample>,
): void => {
  it('an unknown id has no state', async ({ store }) => {
    same(await read(states(store), newId()), undefined, 'state')
  })

  it('a state comes back as it was written, from either instance', async ({ store, peer }) => {
    const id = newId()
    const state: Sample = {
      value: Number.MAX_SAFE_INTEGER,
      by: 'Zoë Zoe\u0308 "\\ \u0000 \u2028 😀 {x} $set',
      nested: { text: '', list: [0, -1, 1.5] },
      keepUntil: later(),
    }
    await write(states(store), id, state)
    same(await read(states(store), id), state, 'own read')
    same(await read(states(peer), id), state, 'read of the other instance')
  })

  it('a state replaces the one before as a whole', async ({ store, peer }) => {
    const id = newId()
    const keepUntil = later()
    const nested = { text: 'old', list: [1, 2] }
    await write(states(store), id, { value: 1, by: 'old', nested, keepUntil })
    await write(states(store), id, { value: 2, keepUntil })
    same(await read(states(peer), id), { value: 2, keepUntil }, 'state')
  })

  it('texts of 2 048 characters and spaces at their ends are kept', async ({ store, peer }) => {
    const id = newId()
    const state: Sample = {
      value: 1,
      by: longText(2_048),
      nested: { text: ' \t both ends \t ', list: [] },
      keepUntil: later(),
    }
    await write(states(store), id, state)
    same(await read(states(store), id), state, 'own read')
    same(await read(states(peer), id), state, 'read of the other instance')
  })

  it('ids that look alike are kept apart', async ({ store }) => {
    const ids = lookAlikes(newId())
    const keepUntil = later()
    for (const [value, id] of ids.entries()) await write(states(store), id, { value, keepUntil })
    for (const [value, id] of ids.entries()) {
      same((await read(states(store), id))?.value, value, `state of ${JSON.stringify(id)}`)
    }
  })
}

/** Ids of up to 128 characters that a careless server takes for the same. */
const lookAlikes = (base: string): readonly string[] => {
  const long = base.padEnd(127, '-')
  const tails = [
    '',
    ':',
    '.',
    '$',
    '{a}',
    '*',
    '%',
    '_',
    ' ',
    '\t',
    'A',
    'a',
    'é',
    'e\u0301',
    'ﬁ',
    'fi',
  ]
  return [...tails.map((tail) => base + tail), ` ${base}`, `${long}1`, `${long}2`]
}
