import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import Koa from 'koa'
import { koaBody } from 'koa-body'

// The baseline: the least that a Koa application does with a small form.
const router = new Router()
router.post('/constant', (ctx) => {
  ctx.body = { ok: true }
})
const app = new Koa()
app.use(koaBody())
app.use(router.routes())
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
// As long as the server's, so that neither side pays for new connections.
server.keepAliveTimeout = 75_000
process.once('disconnect', () => process.exit())
