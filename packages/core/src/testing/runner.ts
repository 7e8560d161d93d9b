import type { CreatePair, StorePair } from './store-pair.ts'

/**
 * A test runner's function that defines a test: `test` of ava, node:test, vitest or Jest, `it` of
 * mocha. `run` has no declared parameter, because Jest and mocha would take it for a `done` callback
 * and refuse the promise. Some tests take seconds, so give Jest and mocha a timeout of 30 s.
 */
export type Test = (title: string, run: (...context: unknown[]) => Promise<void>) => unknown

/** Defines one test of a kit on a pair of its own, which is closed at the end. */
export type KitTest<Store> = (
  title: string,
  run: (pair: StorePair<Store>) => Promise<void>,
  options?: Parameters<CreatePair<Store>>[0],
) => void

/** Makes a `KitTest` from the runner's function. */
export const kitTest =
  <Store>(test: Test, create: CreatePair<Store>): KitTest<Store> =>
  (title, run, options = { cut: false }) => {
    test(title, async (...[t]) => {
      const pair = await create(options)
      try {
        await run(pair)
      } finally {
        await pair.close?.()
      }
      pass(t)
    })
  }

/** Counts an assertion for ava, which fails a test without any. */
const pass = (t: unknown): void => {
  if (t instanceof Object && 'pass' in t && typeof t.pass === 'function') t.pass()
}
