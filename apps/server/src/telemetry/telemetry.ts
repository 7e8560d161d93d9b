import type { IncomingMessage, RequestListener } from 'node:http'
import { type DeviceGrantEvent, type Events, TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { HTTP_TOKENS, type RouterOptions } from '@device-grant/http-koa/inversify'
import type { Container } from 'inversify'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Settings } from '../config.ts'
import type { RemoteStore } from '../remote-store.ts'
import { answerRequests } from './answer-requests.ts'
import { countWith } from './count-with.ts'
import { decorate } from './decorate.ts'
import type { Limit } from './metrics.ts'
import { type MetricsServer, startMetricsServer } from './metrics-server.ts'
import { contextOf, enter } from './request-context.ts'
import { traceStores } from './trace-stores.ts'
import { Tracing } from './tracing.ts'

/** What watches the server: request ids, metrics and traces. */
export interface Telemetry {
  /** Makes the listener of an application. */
  listenerOf(app: Koa): RequestListener
  /** Counts what a limit has refused. */
  countLimit(limit: Limit): void
  /**
   * Listens for Prometheus, if the settings have a port for it.
   * @throws an error of `node:net`, such as `EADDRINUSE`, if it cannot listen
   */
  listen(): Promise<void>
  close(): Promise<void>
}

/** Where devices ask for codes, and poll. */
const DEVICE_PATHS = ['/oauth/device/authorize', '/oauth/device/token']

/**
 * Adds request ids to everything that the container makes from now on, metrics if `METRICS_PORT` is set,
 * and traces if an OpenTelemetry SDK was loaded before.
 */
export const addTelemetry = async (
  container: Container,
  settings: Settings,
  stores: readonly RemoteStore[],
): Promise<Telemetry> => {
  const { publicUrl, metricsPort, host } = settings
  // The library of the metrics is large, so it is not loaded without a port.
  const metrics =
    metricsPort === undefined ? undefined : new (await import('./metrics.ts')).Metrics(stores)
  const tracing = Tracing.ifThereIsAnSdk()
  if (tracing) traceStores(container, tracing, stores)
  if (metrics) countWith(container, metrics, stores)
  decorate(container, HTTP_TOKENS.RouterOptions, (options) => withRequest(container, options))
  let server: MetricsServer | undefined
  return {
    listenerOf: (app) => {
      if (tracing) app.middleware.unshift(tracing.routes)
      const { pathname } = new URL(publicUrl)
      const prefix = pathname.replace(/\/$/, '')
      return answerRequests(
        app,
        new Set(['', prefix].flatMap((each) => DEVICE_PATHS.map((path) => each + path))),
      )
    },
    countLimit: (limit) => metrics?.countLimit(limit),
    listen: async () => {
      if (metrics && metricsPort !== undefined) {
        server = await startMetricsServer(metrics, { port: metricsPort, host })
      }
    },
    close: async () => server?.close(),
  }
}

/** Lets log lines of devices' requests have their request, and error pages its id. */
const withRequest = (container: Container, options: RouterOptions): RouterOptions => ({
  ...options,
  onError: (error, operation, ctx) =>
    enter(contextOf(ctx.req), () => options.onError?.(error, operation, ctx)),
  onCodeRefused: (limit, address, ctx) =>
    enter(contextOf(ctx.req), () => options.onCodeRefused?.(limit, address, ctx)),
  eventsOf: ({ req }) => new RequestEvents(container, req),
  errorReferenceOf,
})

/** The events of one request. Every poll makes one, and hardly any emits. */
class RequestEvents implements Events {
  readonly #container: Container
  readonly #request: IncomingMessage

  constructor(container: Container, request: IncomingMessage) {
    this.#container = container
    this.#request = request
  }

  emit(event: DeviceGrantEvent): void {
    return enter(contextOf(this.#request), () => get(this.#container, TOKENS.Events).emit(event))
  }
}

const errorReferenceOf = ({ req }: Context): string | undefined => {
  const context = contextOf(req)
  return context && [context.requestId, context.traceId].filter(Boolean).join(' / ')
}
