import type { Context } from 'koa'
import { sendServiceError } from './service-error.ts'

/**
 * Reads the whole body, or sends the error: 413 if it is longer than so many bytes, 415 if it is
 * compressed, 400 if the connection breaks.
 */
export const readBody = async (ctx: Context, maxBytes: number): Promise<Buffer | undefined> => {
  const encoding = ctx.get('Content-Encoding').toLowerCase()
  if (encoding !== '' && encoding !== 'identity') {
    return refuse(ctx, 415, 'A Content-Encoding is not supported')
  }
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length
      if (length > maxBytes) return refuse(ctx, 413, `The body is longer than ${maxBytes} bytes`)
      chunks.push(chunk as Buffer)
    }
  } catch {
    // No error of the server: anyone may close a connection, as often as they like.
    return refuse(ctx, 400, 'The connection was closed before the body ended')
  }
  return Buffer.concat(chunks)
}

const refuse = (ctx: Context, status: number, description: string): undefined => {
  // The rest of the body is not read, so the connection cannot be used again.
  ctx.set('Connection', 'close')
  sendServiceError(ctx, status, 'invalid_request', description)
  return undefined
}
