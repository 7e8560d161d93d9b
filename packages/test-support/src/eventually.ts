import { setTimeout as pause } from 'node:timers/promises'

/** Asks again and again until the condition holds; fails with `what` after `withinMs`. */
export const eventually = async (
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 15_000,
): Promise<void> => {
  const end = performance.now() + withinMs
  let fault: unknown
  while (performance.now() < end) {
    try {
      if (await condition()) return
      fault = undefined
    } catch (error) {
      fault = error
    }
    await pause(20)
  }
  throw new Error(`Not within ${withinMs} ms: ${what}`, { cause: fault })
}
