import type { DeviceGrantEvent } from '../events.ts'
import type { Events } from '../ports.ts'

/** Errors thrown by the event listener are ignored, so a broken listener cannot fail a request. */
export const ignoreErrors = (events: Events): Events => new EventsWithoutErrors(events)

/** A class, because an object with a method of its own would cost each poll 3 %. */
class EventsWithoutErrors implements Events {
  readonly #events: Events

  constructor(events: Events) {
    this.#events = events
  }

  async emit(event: DeviceGrantEvent): Promise<void> {
    try {
      await this.#events.emit(event)
    } catch {
      // Ignored on purpose.
    }
  }
}
