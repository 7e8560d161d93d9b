import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** Whether a text is the secret of a webhook: `whsec_` and 24 to 64 bytes in base64. */
export const isWebhookSecret = (text: string): boolean => {
  const bytes = bytesOf(text)
  // Buffer.from skips what is no base64.
  const isBase64 = PREFIX + bytes.toString('base64') === text
  return isBase64 && bytes.length >= 24 && bytes.length <= 64
}

const bytesOf = (secret: string): Buffer => Buffer.from(secret.slice(PREFIX.length), 'base64')

/** The headers that identify a message and prove its sender (Standard Webhooks). */
export const signedHeaders = (
  secret: string,
  {
    id,
    sentAt,
    body,
  }: {
    readonly id: string
    /** Epoch milliseconds. */
    readonly sentAt: number
    readonly body: string
  },
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(sentAt / 1000))
  const signed = createHmac('sha256', bytesOf(secret)).update(`${id}.${timestamp}.${body}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signed.digest('base64')}`,
  }
}
