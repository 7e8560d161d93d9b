import type { Server } from 'node:http'
import { type AuthenticatedKey, checkBearer } from '@device-grant/core'
import { type HttpBindings, serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type MiddlewareHandler } from 'hono'
import { createDeviceGrant } from './device-grant.ts'

interface Env {
  Bindings: HttpBindings
  Variables: { apiKey: AuthenticatedKey }
}

export const startHono = (port: number): Promise<Server> => {
  // Hono hands the whole path on, so the router gets its mount path.
  const { handle, authenticateApiKey } = createDeviceGrant(`http://127.0.0.1:${port}/auth`, '/auth')

  const requireKey =
    (scope: string): MiddlewareHandler<Env> =>
    async (c, next) => {
      const { authorization } = c.env.incoming.headersDistinct
      const reply = await checkBearer(authenticateApiKey, { authorization, scope })
      c.header('Cache-Control', 'no-store')
      if (reply.outcome === 'refused') return c.json(reply.body, reply.status, { ...reply.headers })
      c.set('apiKey', reply)
      return next()
    }

  const app = new Hono<Env>()
  const deviceGrant: MiddlewareHandler<Env> = async (c) => {
    handle(c.env.incoming, c.env.outgoing)
    return RESPONSE_ALREADY_SENT
  }
  app.all('/auth/*', deviceGrant)
  // RFC 8414 puts the metadata of an issuer with a path at the root of the origin.
  app.get('/.well-known/oauth-authorization-server/auth', deviceGrant)
  app.get('/api/reports', requireKey('reports:read'), (c) =>
    c.json({ reports: [], owner: c.get('apiKey').owner }),
  )
  app.post('/api/echo', async (c) => c.json(await c.req.json()))
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () =>
      resolve(server as Server),
    )
  })
}
