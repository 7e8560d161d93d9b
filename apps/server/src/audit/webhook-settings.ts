import type { DeviceGrantEvent } from '@device-grant/core'
import { isHttpsOrLoopback } from '@device-grant/http-koa'
import type { Environment } from '../environment.ts'
import { EVENT_KINDS, EVENT_TYPES } from './event-kinds.ts'
import { isWebhookSecret } from './webhook-secret.ts'

/** Where events are sent. */
export interface WebhookSettings {
  readonly url: string
  /** `whsec_` and base64. */
  readonly secret: string
  readonly events: readonly DeviceGrantEvent['type'][]
}

/** Reads the settings of the webhook. Errors hold neither its URL nor its secret. */
export const readWebhook = (environment: Environment): WebhookSettings | undefined => {
  const url = environment.text('WEBHOOK_URL')
  if (url === undefined) {
    for (const name of ['WEBHOOK_SECRET', 'WEBHOOK_EVENTS']) {
      if (environment.text(name) !== undefined) {
        environment.errors.push(`${name} needs WEBHOOK_URL`)
      }
    }
    return undefined
  }
  if (!isHttpsOrLoopback(url)) {
    environment.errors.push('WEBHOOK_URL must be an https URL, or an http URL on loopback')
  } else if (new URL(url).username !== '' || new URL(url).password !== '') {
    environment.errors.push('WEBHOOK_URL must have no user name and no password')
  }
  return { url, secret: readSecret(environment), events: readEvents(environment) }
}

const readSecret = (environment: Environment): string => {
  const secret = environment.required('WEBHOOK_SECRET', 'WEBHOOK_URL')
  if (secret !== '' && !isWebhookSecret(secret)) {
    environment.errors.push(
      'WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64: make it with ' +
        'echo whsec_$(openssl rand -base64 32)',
    )
  }
  return secret
}

const readEvents = (environment: Environment): readonly DeviceGrantEvent['type'][] => {
  const names = environment.list('WEBHOOK_EVENTS')
  if (names.length === 0) return EVENT_TYPES.filter((type) => EVENT_KINDS[type].isSentByDefault)
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(EVENT_KINDS, name)) {
      environment.errors.push(
        `WEBHOOK_EVENTS: entry ${i + 1} must be one of ${EVENT_TYPES.join(', ')}`,
      )
    }
  }
  return EVENT_TYPES.filter((type) => names.includes(type))
}
