import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AuthenticateApiKey, createMemoryStores, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter, forwardedSignIn } from '@device-grant/http-koa'
import Koa from 'koa'

/** A request handler of Node, which every framework can call. */
type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** The device grant as a handler, and the check of its keys. */
export interface DeviceGrant {
  readonly handle: Handler
  readonly authenticateApiKey: AuthenticateApiKey
}

/**
 * Makes the device grant for an application of another framework.
 * @param publicUrl where people and devices find it, for example `https://example.com/auth`
 * @param prefix the path of `publicUrl`, or `''` if the framework strips it from the requests
 */
export const createDeviceGrant = (publicUrl: string, prefix: string): DeviceGrant => {
  const clock = { now: Date.now }
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock })
  const router = createDeviceGrantRouter({
    useCases,
    publicUrl,
    prefix,
    signIn: forwardedSignIn({ header: 'x-forwarded-user' }),
    trustedProxies: ['127.0.0.1'],
    sessionSecret: process.env['SESSION_SECRET'] ?? 'an example secret, for this machine only',
  })
  const app = new Koa()
  app.use(router.routes())
  return { handle: app.callback(), authenticateApiKey: useCases.authenticateApiKey }
}
