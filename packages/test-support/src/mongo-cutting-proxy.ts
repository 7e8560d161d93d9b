import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between driver and server; on demand it passes a write on and then cuts the connection. */
export interface CuttingProxy {
  readonly port: number
  /** How many writes went through. */
  readonly writes: number
  /** How many connections were cut after a write. */
  readonly cuts: number
  /** The connections that are open carry nothing any more, and nobody is told; new ones work. */
  readonly silence: () => void
  readonly close: () => Promise<void>
}

const OP_MSG = 2013
const WRITES = ['insert', 'update', 'delete', 'findAndModify']

/**
 * @param cut tells for each write, counted from 1, whether the server's answer to it is swallowed and
 * the connection cut. The server has applied the write by then.
 */
export const cuttingProxy = async (
  target: { readonly host: string; readonly port: number },
  cut: (write: number) => boolean,
): Promise<CuttingProxy> => {
  let writes = 0
  let cuts = 0
  let silences = 0
  const sockets = new Set<Socket>()
  const server = createServer((driver) => {
    const upstream = connect(target)
    const swallowed = new Set<number>()
    const begunAfter = silences
    for (const socket of [driver, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        driver.destroy()
        upstream.destroy()
      })
    }
    driver.on(
      'data',
      messages((message) => {
        if (silences > begunAfter) return
        if (WRITES.includes(commandOf(message))) {
          writes += 1
          if (cut(writes)) swallowed.add(message.readInt32LE(4))
        }
        upstream.write(message)
      }),
    )
    upstream.on(
      'data',
      messages((message) => {
        if (swallowed.has(message.readInt32LE(8))) {
          cuts += 1
          driver.destroy()
        } else if (!driver.destroyed && silences === begunAfter) {
          driver.write(message)
        }
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    port: address.port,
    get writes() {
      return writes
    },
    get cuts() {
      return cuts
    },
    silence: () => {
      silences += 1
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Cuts a stream of bytes into whole messages of the wire protocol. */
const messages = (each: (message: Buffer) => void): ((chunk: Buffer) => void) => {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0)
      each(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

/** The name of a command is the first member of the document that an OP_MSG carries. */
const commandOf = (message: Buffer): string => {
  if (message.readInt32LE(12) !== OP_MSG) return ''
  // Header 16, flags 4, kind of section 1, length of document 4, type of its first member 1.
  const start = 26
  return message.toString('utf8', start, message.indexOf(0, start))
}
