import type { Events } from '@device-grant/core'
import type { Logger } from 'pino'
import { EVENT_KINDS } from './event-kinds.ts'

/** Logs one line for each event. `docs/audit.md` describes the format. */
export const auditLog = (log: Logger): Events => ({
  emit({ type, at, ...details }) {
    log[EVENT_KINDS[type].level]({ audit: true, at: new Date(at).toISOString(), ...details }, type)
  },
})
