import type { DeviceGrantEvent } from '@device-grant/core'

/** How the sinks treat a type of event. */
interface EventKind {
  readonly level: 'debug' | 'info' | 'warn'
  /** True if requests can cause it as often as they like, so that it is limited. */
  readonly isLimited: boolean
  /** True if a webhook gets it unless its settings say otherwise. */
  readonly isSentByDefault: boolean
}

const change: EventKind = { level: 'info', isLimited: false, isSentByDefault: false }
const sentChange: EventKind = { ...change, isSentByDefault: true }
const refusal: EventKind = { level: 'info', isLimited: true, isSentByDefault: false }
const warning: EventKind = { ...refusal, level: 'warn' }
const detail: EventKind = { ...refusal, level: 'debug' }

/** Every type of event. */
export const EVENT_KINDS: Readonly<Record<DeviceGrantEvent['type'], EventKind>> = {
  authorization_requested: change,
  authorization_approved: sentChange,
  authorization_denied: sentChange,
  request_reported: { ...sentChange, level: 'warn' },
  client_refused: warning,
  too_many_codes: warning,
  person_not_admitted: warning,
  sign_in_failed: warning,
  device_renamed: change,
  expired_on_poll: detail,
  poll_too_early: detail,
  wrong_client: warning,
  key_claimed: sentChange,
  key_used_first: change,
  key_refused: refusal,
  key_revoked: sentChange,
  key_erased: sentChange,
  // The limits of wrong codes bound it.
  wrong_user_code: change,
  too_many_wrong_user_codes: warning,
  too_many_keys: warning,
  user_code_contested: warning,
  contested_code_ended: warning,
  approval_blocked: refusal,
  pick_up_refused: refusal,
}

/** The types of events, as the settings name them. */
export const EVENT_TYPES = Object.keys(EVENT_KINDS) as readonly DeviceGrantEvent['type'][]
