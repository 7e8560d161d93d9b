import type { Events } from '../ports.ts'

/** Errors thrown by the event listener are ignored, so a broken listener cannot fail a request. */
export const ignoreErrors = (events: Events): Events => ({
  async emit(event) {
    try {
      await events.emit(event)
    } catch {
      // Ignored on purpose.
    }
  },
})
