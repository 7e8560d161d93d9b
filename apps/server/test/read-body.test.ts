import { createServer } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { send } from '@device-grant/test-support/http-exchange'
import { listen, portOf } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import Koa from 'koa'
import { readBody } from '#src/read-body.js'

const MAX = 10

/** A server that reads bodies of at most 10 bytes, and the next body that it has read. */
const aReader = async (t: ExecutionContext, deadline?: Promise<void>) => {
  let finish = (_: Buffer | undefined): void => {}
  const read = new Promise<Buffer | undefined>((resolve) => {
    finish = resolve
  })
  const app = new Koa()
  app.on('error', () => {})
  app.use(async (ctx) => {
    const body = await readBody(ctx, MAX, deadline)
    if (body) ctx.body = body.toString()
    finish(body)
  })
  const server = createServer(app.callback())
  const url = await listen(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url, port: portOf(server), read }
}

test('a body is read whole, in one piece or in many', async (t) => {
  const { url } = await aReader(t)
  t.is((await send(url, { path: '/', body: 'x'.repeat(MAX) })).text, 'x'.repeat(MAX))
  t.is((await send(url, { path: '/', body: ['x', 'y', 'z'] })).text, 'xyz')
})

test('a body that is too long or compressed is refused, and the connection ends', async (t) => {
  const { url } = await aReader(t)
  for (const [status, sent] of [
    [413, { body: 'x'.repeat(MAX + 1) }],
    [413, { body: ['x'.repeat(MAX), 'x'] }],
    [415, { body: 'x', headers: { 'content-encoding': 'gzip' } }],
  ] as const) {
    const answer = await send(url, { path: '/', ...sent })
    t.is(answer.status, status)
    t.is(answer.headers.connection, 'close')
  }
})

test('a connection that breaks within the body is no error of the server', async (t) => {
  const { port, read } = await aReader(t)
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf', () =>
    socket.destroy(),
  )
  t.is(await read, undefined)
})

test('a body that is not there at the deadline is refused, and the connection ends', async (t) => {
  const { port, read } = await aReader(t, Promise.resolve())
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf')
  const answer = await text(socket)
  t.regex(answer, /^HTTP\/1\.1 408 /)
  t.regex(answer, /\r\nConnection: close\r\n/i)
  t.is(await read, undefined)
})
