/** Keeps the ids of so many messages. */
const MAX_IDS = 10_000

/**
 * Makes a function that handles each message once, even if it arrives again while it is being handled.
 * A message that could not be handled is handled again when its sender repeats it.
 */
export const createOnce = (
  maxIds: number = MAX_IDS,
): ((id: string, handle: () => Promise<void>) => Promise<void>) => {
  const handled = new Map<string, Promise<void>>()
  return async (id, handle) => {
    const earlier = handled.get(id)
    if (earlier) return earlier
    const [oldest] = handled.keys()
    if (oldest !== undefined && handled.size >= maxIds) handled.delete(oldest)
    const handling = handle()
    handled.set(id, handling)
    try {
      await handling
    } catch (error) {
      if (handled.get(id) === handling) handled.delete(id)
      throw error
    }
  }
}
