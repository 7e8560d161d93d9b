import { StoreError } from '@device-grant/core'
import { routePathOf } from '@device-grant/http-koa'
import {
  type Attributes,
  context,
  createTraceState,
  type Context as OtelContext,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Context, Middleware } from 'koa'
import { VERSION } from '../version.ts'
import { decorateStore } from './decorate-store.ts'
import { contextOf } from './request-context.ts'
import { parseTraceparent } from './traceparent.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Makes spans of requests and of commands to stores. */
export class Tracing {
  readonly #tracer: Tracer

  private constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** Returns `undefined` if no OpenTelemetry SDK has been registered, because spans would go nowhere. */
  static ifThereIsAnSdk(): Tracing | undefined {
    const provider = trace.getTracerProvider()
    const hasNone =
      provider instanceof ProxyTracerProvider && provider.getDelegateTracer('') === undefined
    return hasNone ? undefined : new Tracing(provider.getTracer('device-grant', VERSION))
  }

  /**
   * Makes one span of each request, named after the method and the path of its row, such as
   * `POST /oauth/device/keys/:id`. The path of the request itself may hold ids.
   */
  readonly routes: Middleware = (ctx, next) => {
    const method = METHODS.includes(ctx.method) ? ctx.method : '_OTHER'
    const parent = parentOf(ctx)
    const kind = isInsideSpan(parent) ? SpanKind.INTERNAL : SpanKind.SERVER
    const attributes = { 'http.request.method': method }
    const span = this.#tracer.startSpan(method, { kind, attributes }, parent)
    const request = contextOf(ctx.req)
    if (request) request.traceId = span.spanContext().traceId
    return context.with(trace.setSpan(parent, span), async () => {
      try {
        await next()
      } catch (error) {
        fail(span, error)
        throw error
      } finally {
        const route = routePathOf(ctx)
        if (route !== undefined)
          span.updateName(`${method} ${route}`).setAttribute('http.route', route)
        span.setAttribute('http.response.status_code', ctx.status)
        if (ctx.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      }
    })
  }

  /** Returns a store whose commands are spans, named such as `update DeviceGrants`. */
  trace<S extends object>(store: S, system: string, collection: string): S {
    return decorateStore(store, (command, run) => {
      const attributes: Attributes = {
        'db.system.name': system,
        'db.operation.name': command,
        'db.collection.name': collection,
      }
      const options = { kind: SpanKind.CLIENT, attributes }
      return this.#tracer.startActiveSpan(`${command} ${collection}`, options, async (span) => {
        try {
          return await run()
        } catch (error) {
          fail(span, error)
          throw error
        } finally {
          span.end()
        }
      })
    })
  }
}

/** Whether an SDK has made a span of the request already. */
const isInsideSpan = (parent: OtelContext): boolean => {
  const outer = trace.getSpanContext(parent)
  return outer !== undefined && outer.isRemote !== true
}

const parentOf = ({ req }: Context): OtelContext => {
  const active = context.active()
  const remote = parseTraceparent(req.headers['traceparent'])
  if (trace.getSpan(active) || !remote) return active
  const { tracestate } = req.headers
  const traceState = typeof tracestate === 'string' ? createTraceState(tracestate) : undefined
  return trace.setSpanContext(active, { ...remote, ...(traceState && { traceState }) })
}

/** Marks a span as failed. The message of an error may name addresses, so it is left out. */
const fail = (span: Span, error: unknown): void => {
  const type =
    error instanceof StoreError ? error.code : error instanceof Error ? error.name : '_OTHER'
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR })
}
