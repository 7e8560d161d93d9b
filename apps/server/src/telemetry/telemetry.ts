import type { RequestListener } from 'node:http'
import { type Events, TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { HTTP_TOKENS, type RouterOptions } from '@device-grant/http-koa/inversify'
import type { Container } from 'inversify'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Settings } from '../config.ts'
import { answerRequests } from './answer-requests.ts'
import { decorate } from './decorate.ts'
import { contextOf, enter } from './request-context.ts'

/** What watches the server: request ids. */
export interface Telemetry {
  /** Makes the listener of an application. */
  listenerOf(app: Koa): RequestListener
}

/** Adds request ids to everything that the container makes from now on. */
export const addTelemetry = (container: Container, { publicUrl }: Settings): Telemetry => {
  decorate(container, HTTP_TOKENS.RouterOptions, (options) => withRequest(container, options))
  return {
    listenerOf: (app) => {
      const { pathname } = new URL(publicUrl)
      const path = '/oauth/device/token'
      return answerRequests(app, new Set([path, pathname.replace(/\/$/, '') + path]))
    },
  }
}

/** Lets log lines of polls have their request, and error pages its id. */
const withRequest = (container: Container, options: RouterOptions): RouterOptions => ({
  ...options,
  onError: (error, operation, ctx) =>
    enter(contextOf(ctx.req), () => options.onError?.(error, operation, ctx)),
  eventsOf: ({ req }): Events => ({
    emit: (event) => enter(contextOf(req), () => get(container, TOKENS.Events).emit(event)),
  }),
  errorReferenceOf,
})

const errorReferenceOf = ({ req }: Context): string | undefined => {
  const context = contextOf(req)
  return context && [context.requestId, context.traceId].filter(Boolean).join(' / ')
}
