import { type AuthenticateApiKey, TOKENS } from '@device-grant/core'
import { HTTP_TOKENS } from '@device-grant/http-koa/inversify'
import type { Container } from 'inversify'
import type { RemoteStore } from '../remote-store.ts'
import { decorate } from './decorate.ts'
import type { Metrics } from './metrics.ts'

/** Counts polls, key checks, events, refusals and commands to stores. */
export const countWith = (
  container: Container,
  metrics: Metrics,
  stores: readonly RemoteStore[],
): void => {
  for (const { name, ports } of stores) {
    for (const port of ports) decorate(container, port, (store) => metrics.measure(store, name))
  }
  decorate(container, TOKENS.Events, (events) => ({
    emit(event) {
      metrics.countEvent(event)
      return events.emit(event)
    },
  }))
  decorate(container, TOKENS.AuthenticateApiKey, (check) => countChecks(check, metrics))
  decorate(container, HTTP_TOKENS.RouterOptions, (options) => ({
    ...options,
    onPoll: (outcome) => {
      metrics.countPoll(outcome)
      options.onPoll?.(outcome)
    },
    onCodeRefused: (limit, address, ctx) => {
      metrics.countLimit(limit === 'address_limit' ? 'codes_of_address' : 'codes_of_all')
      options.onCodeRefused?.(limit, address, ctx)
    },
  }))
}

const countChecks =
  (check: AuthenticateApiKey, metrics: Metrics): AuthenticateApiKey =>
  async (apiKey) => {
    try {
      const reply = await check(apiKey)
      metrics.countKeyCheck(reply.outcome)
      return reply
    } catch (error) {
      metrics.countKeyCheck('error')
      throw error
    }
  }
