import type { Server } from 'node:http'
import { checkBearer } from '@device-grant/core'
import express, { type RequestHandler } from 'express'
import { createDeviceGrant } from './device-grant.ts'

export const startExpress = (port: number): Promise<Server> => {
  // Express strips the path that a handler is mounted at.
  const { handle, authenticateApiKey } = createDeviceGrant(`http://127.0.0.1:${port}/auth`, '')

  const requireKey =
    (scope: string): RequestHandler =>
    async (request, response, next) => {
      const { authorization } = request.headersDistinct
      const reply = await checkBearer(authenticateApiKey, { authorization, scope })
      response.set('Cache-Control', 'no-store')
      if (reply.outcome === 'refused') {
        response.status(reply.status).set(reply.headers).json(reply.body)
        return
      }
      response.locals['apiKey'] = reply
      next()
    }

  const app = express()
  // Above any body parser, because the device grant reads its bodies itself.
  app.use('/auth', handle)
  // RFC 8414 puts the metadata of an issuer with a path at the root of the origin.
  app.get('/.well-known/oauth-authorization-server/auth', handle)
  app.use(express.json())
  app.get('/api/reports', requireKey('reports:read'), (_request, response) => {
    response.json({ reports: [], owner: response.locals['apiKey'].owner })
  })
  app.post('/api/echo', (request, response) => {
    response.json(request.body)
  })
  return new Promise((resolve) => {
    const server = app.listen(port, '127.0.0.1', () => resolve(server))
  })
}
