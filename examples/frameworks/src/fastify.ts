import type { Server } from 'node:http'
import { checkBearer } from '@device-grant/core'
import middie from '@fastify/middie'
import fastify, { type preHandlerAsyncHookHandler } from 'fastify'
import { createDeviceGrant } from './device-grant.ts'

export const startFastify = async (port: number): Promise<Server> => {
  // @fastify/middie strips the path that a handler is mounted at.
  const { handle, authenticateApiKey } = createDeviceGrant(`http://127.0.0.1:${port}/auth`, '')

  const requireKey =
    (scope: string): preHandlerAsyncHookHandler =>
    async (request, reply) => {
      const { authorization } = request.raw.headersDistinct
      const found = await checkBearer(authenticateApiKey, { authorization, scope })
      reply.header('Cache-Control', 'no-store')
      if (found.outcome === 'refused') {
        return reply.code(found.status).headers(found.headers).send(found.body)
      }
      request.setDecorator('apiKey', found)
      return undefined
    }

  const app = fastify()
  await app.register(middie)
  app.decorateRequest('apiKey', null)
  // Such handlers run before Fastify reads the body.
  app.use('/auth', handle)
  // RFC 8414 puts the metadata of an issuer with a path at the root of the origin.
  app.get('/.well-known/oauth-authorization-server/auth', (request, reply) => {
    reply.hijack()
    handle(request.raw, reply.raw)
  })
  app.get('/api/reports', { preHandler: requireKey('reports:read') }, async (request) => ({
    reports: [],
    owner: request.getDecorator<{ readonly owner: string }>('apiKey').owner,
  }))
  app.post('/api/echo', async (request) => request.body)
  await app.listen({ port, host: '127.0.0.1' })
  return app.server
}
