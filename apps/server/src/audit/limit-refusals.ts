import type { DeviceGrantEvent, Events } from '@device-grant/core'
import type { Logger } from 'pino'
import { EVENT_KINDS } from './event-kinds.ts'

/** How many refusals of each type pass between two flushes. */
const MAX_OF_A_TYPE = 100

/** Passes events on, and counts those that it leaves out. */
export interface LimitedEvents extends Events {
  /** Logs how many events of each type were left out since the last call, and starts again at zero. */
  flush(): void
}

/**
 * Lets all changes pass, and of each type of refusal the first ones of a minute. Requests can cause
 * refusals as often as they like, and would fill the log and keep the webhook from events of people.
 */
export const limitRefusals = (events: Events, log: Logger): LimitedEvents => {
  const seen = new Map<DeviceGrantEvent['type'], number>()
  return {
    emit(event) {
      const { type } = event
      if (EVENT_KINDS[type].isLimited) {
        const count = (seen.get(type) ?? 0) + 1
        seen.set(type, count)
        if (count > MAX_OF_A_TYPE) return
      }
      events.emit(event)
    },
    flush() {
      const leftOut = [...seen].flatMap(([type, count]) =>
        count > MAX_OF_A_TYPE ? [[type, count - MAX_OF_A_TYPE]] : [],
      )
      seen.clear()
      if (leftOut.length === 0) return
      log.warn({ audit: true, leftOut: Object.fromEntries(leftOut) }, 'events_left_out')
    },
  }
}
