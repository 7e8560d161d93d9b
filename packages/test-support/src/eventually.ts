import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until the condition holds. A condition that throws does not hold.
 * @throws {Error} if it does not hold within so many milliseconds
 */
export const eventually = async (
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 30_000,
): Promise<void> => {
  const end = performance.now() + withinMs
  let thrown: unknown
  while (performance.now() < end) {
    try {
      if (await condition()) return
      thrown = undefined
    } catch (error) {
      thrown = error
    }
    await pause(20)
  }
  throw new Error(`Not within ${withinMs} ms: ${what}`, { cause: thrown })
}
