import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

const USAGE = `Usage: WEBHOOK_SECRET=whsec_… PORT=8080 node examples/webhook/dist/receiver.js

Prints a mail for each device that was connected. Set WEBHOOK_URL of the server to its address, and
WEBHOOK_SECRET to the same secret.
`

/** The members that the mail needs. docs/audit.md has all of them. */
interface KeyClaimed {
  readonly type: 'key_claimed'
  readonly timestamp: string
  readonly data: {
    readonly owner: string
    readonly reissued: boolean
    readonly clientId?: string
    readonly deviceName?: string
    readonly device: { readonly address?: string; readonly userAgent?: string }
    readonly expiresAt: number
  }
}

type Message = KeyClaimed | { readonly type: 'another' }

/** Keeps the ids of messages, so that a message that is sent again makes no second mail. */
const MAX_IDS = 10_000
const seen = new Set<string>()

const isNew = (id: string): boolean => {
  if (seen.has(id)) return false
  const [oldest] = seen
  if (oldest !== undefined && seen.size >= MAX_IDS) seen.delete(oldest)
  seen.add(id)
  return true
}

/**
 * Reads a message and checks its signature and its time, which may be 5 minutes old.
 * @throws {WebhookVerificationError} if the sender does not have the secret, or the message is old
 */
const readMessage = async (webhook: Webhook, request: IncomingMessage): Promise<Message> =>
  webhook.verify(await text(request), request.headers as Record<string, string>) as Message

const sendMail = ({ timestamp, data }: KeyClaimed): void => {
  const { owner, clientId = 'unknown', deviceName = 'A device', device, expiresAt } = data
  process.stdout.write(`To: ${owner}
Subject: ${deviceName} was connected to your account

${deviceName} (client ${clientId}, address ${device.address ?? 'unknown'}) was connected at ${timestamp}.
It can use your account until ${new Date(expiresAt).toISOString()}.
If this was not you, disconnect it on the page of your devices.

`)
}

const listen = (webhook: Webhook, port: number): void => {
  const server = createServer(async (request, response) => {
    try {
      const message = await readMessage(webhook, request)
      // A key whose first answer may be lost is issued again, and is no other device.
      if (isNew(String(request.headers['webhook-id'])) && message.type === 'key_claimed') {
        if (!message.data.reissued) sendMail(message)
      }
      response.writeHead(204).end()
    } catch (error) {
      const isForged = error instanceof WebhookVerificationError
      if (!isForged) process.stderr.write(`${String(error)}\n`)
      response.writeHead(isForged ? 401 : 500).end()
    }
  })
  server.listen(port, '127.0.0.1', () => process.stderr.write(`Listening on port ${port}\n`))
}

const { WEBHOOK_SECRET: secret, PORT: port = '8080' } = process.env
if (secret === undefined) {
  process.stderr.write(USAGE)
  process.exitCode = 1
} else listen(new Webhook(secret), Number(port))
