import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { createOnce } from './once.ts'

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

/**
 * Reads a message and checks its signature and its time, which may be 5 minutes old.
 * @throws {WebhookVerificationError} if the sender does not have the secret, or the message is old
 */
const readMessage = async (webhook: Webhook, request: IncomingMessage): Promise<Message> =>
  webhook.verify(await text(request), request.headers as Record<string, string>) as Message

/** Sends the mail. Put a real one here: the message counts as handled once this is done. */
const sendMail = async ({ timestamp, data }: KeyClaimed): Promise<void> => {
  const { owner, clientId = 'unknown', deviceName = 'A device', device, expiresAt } = data
  process.stdout.write(`To: ${owner}
Subject: ${deviceName} was connected to your account

${deviceName} (client ${clientId}, address ${device.address ?? 'unknown'}) was connected at ${timestamp}.
It can use your account until ${new Date(expiresAt).toISOString()}.
If this was not you, disconnect it on the page of your devices.

`)
}

const handle = async (message: Message): Promise<void> => {
  // A key whose first answer may be lost is issued again, and is no other device.
  if (message.type === 'key_claimed' && !message.data.reissued) await sendMail(message)
}

const listen = (webhook: Webhook, port: number): void => {
  // The server repeats a message until it gets a 2xx.
  const once = createOnce()
  const server = createServer(async (request, response) => {
    try {
      const message = await readMessage(webhook, request)
      await once(String(request.headers['webhook-id']), () => handle(message))
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
