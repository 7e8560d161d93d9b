import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import { sendServiceError } from './service-error.ts'

interface Refusal {
  readonly status: number
  readonly description: string
}

/** Whether a body is compressed. */
const isCompressed = (ctx: Context): boolean => {
  const encoding = ctx.get('Content-Encoding').toLowerCase()
  return encoding !== '' && encoding !== 'identity'
}

/** Whether the headers say that `readBody` will refuse a body. */
export const isRefusedByHeaders = (ctx: Context, maxBytes: number): boolean =>
  isCompressed(ctx) || Number(ctx.get('Content-Length')) > maxBytes

/**
 * Reads the whole body, or sends the error: 413 if it is longer than so many bytes, 415 if it is
 * compressed, 400 if the connection breaks, 408 if the deadline resolves first.
 */
export const readBody = async (
  ctx: Context,
  maxBytes: number,
  deadline?: Promise<void>,
): Promise<Buffer | undefined> => {
  if (isCompressed(ctx)) {
    return refuse(ctx, { status: 415, description: 'A Content-Encoding is not supported' })
  }
  const late = deadline?.then(() => ({ status: 408, description: 'The body was sent too slowly' }))
  const reading = readAll(ctx.req, maxBytes)
  const body = await (late ? Promise.race([reading, late]) : reading)
  return 'status' in body ? refuse(ctx, body) : body
}

const readAll = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | Refusal> => {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length
      if (length > maxBytes) {
        return { status: 413, description: `The body is longer than ${maxBytes} bytes` }
      }
      chunks.push(chunk as Buffer)
    }
  } catch {
    // No error of the server: anyone may close a connection, as often as they like.
    return { status: 400, description: 'The connection was closed before the body ended' }
  }
  return Buffer.concat(chunks)
}

const refuse = (ctx: Context, { status, description }: Refusal): undefined => {
  // The rest of the body is not read, so the connection cannot be used again.
  ctx.set('Connection', 'close')
  sendServiceError(ctx, status, 'invalid_request', description)
  return undefined
}
