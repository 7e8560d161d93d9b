// --- the router in an application of one's own
import { createMemoryStores, createUseCases } from '@device-grant/core'
import { createDeviceGrantRouter, demoSignIn, requireApiKey } from '@device-grant/http-koa'
import Koa from 'koa'

const clock = { now: Date.now }
const useCases = createUseCases({ ...createMemoryStores({ clock }), clock })
const publicUrl = process.env['PUBLIC_URL'] ?? 'http://localhost:3000/auth'
const sessionSecret = process.env['SESSION_SECRET'] ?? ''
// demoSignIn believes any name: see docs/sign-in.md
const site = { publicUrl, prefix: '/auth', sessionSecret, signIn: demoSignIn() }

export const app: Koa = new Koa()
app.use(createDeviceGrantRouter({ useCases, ...site }).routes())
const withKey = requireApiKey(useCases.authenticateApiKey)
app.use((ctx, next) => (ctx.path.startsWith('/api/') ? withKey(ctx, next) : next()))
// --- what follows is the application itself
app.use((ctx) => {
  const { apiKey } = ctx.state
  ctx.body = apiKey ? { hello: apiKey.owner } : { method: ctx.method, path: ctx.path }
})
