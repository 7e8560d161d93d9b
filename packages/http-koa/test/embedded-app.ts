// --- the router in an application of one's own
import { createMemoryStores, createUseCases } from '@device-grant/core'
import * as http from '@device-grant/http-koa'
import Koa from 'koa'

const clock = { now: Date.now }
const useCases = createUseCases({ ...createMemoryStores({ clock }), clock })
const publicUrl = process.env['PUBLIC_URL'] ?? 'http://localhost:3000/auth'
const sessionSecret = process.env['SESSION_SECRET'] ?? ''
// demoSignIn accepts any name: see docs/sign-in.md
const site = { publicUrl, sessionSecret, signIn: http.demoSignIn() }

export const app: Koa = new Koa()
app.use(http.createDeviceGrantRouter({ useCases, ...site }).routes())
const withKey = http.requireApiKey(useCases.authenticateApiKey)
const GET = [withKey, (ctx: Koa.Context) => http.sendJson(ctx, ctx.state['apiKey'].owner)]
app.use(http.createRouteTable([{ path: '/api/reports', methods: { GET } }]).routes())
// --- what follows is the application itself
app.use((ctx) => {
  ctx.body = { method: ctx.method, path: ctx.path }
})
