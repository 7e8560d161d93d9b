import { startTcpProxy, type Target, type TcpProxy } from './tcp-proxy.ts'

/** A proxy to MongoDB that cuts connections after a write was applied, before its answer arrives. */
export interface MongoCuttingProxy extends TcpProxy {
  /** How many writes it has passed on so far. */
  readonly writes: number
  /** How many connections it has cut so far. */
  readonly cuts: number
}

const OP_MSG = 2013
const WRITES = ['insert', 'update', 'delete', 'findAndModify']

/**
 * Starts a proxy to a MongoDB server.
 * @param cut decides for each write, counted from 1, whether its answer is dropped with the connection
 */
export const startMongoCuttingProxy = async (
  target: Target,
  cut: (write: number) => boolean,
): Promise<MongoCuttingProxy> => {
  let writes = 0
  let cuts = 0
  const proxy = await startTcpProxy(target, ({ client, upstream }) => {
    const dropped = new Set<number>()
    return {
      fromClient: messages((message) => {
        if (WRITES.includes(commandOf(message))) {
          writes += 1
          if (cut(writes)) dropped.add(message.readInt32LE(4))
        }
        upstream.write(message)
      }),
      fromUpstream: messages((message) => {
        if (dropped.has(message.readInt32LE(8))) {
          cuts += 1
          client.destroy()
        } else if (!client.destroyed) {
          client.write(message)
        }
      }),
    }
  })
  return {
    ...proxy,
    get writes() {
      return writes
    },
    get cuts() {
      return cuts
    },
  }
}

/** Joins chunks to whole messages of the wire protocol. */
const messages = (onMessage: (message: Buffer) => void): ((chunk: Buffer) => void) => {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0)
      onMessage(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

/** The name of a command: the first member of the document in an OP_MSG. */
const commandOf = (message: Buffer): string => {
  if (message.readInt32LE(12) !== OP_MSG) return ''
  // Header 16, flags 4, kind of section 1, length of document 4, type of its first member 1.
  const start = 26
  return message.toString('utf8', start, message.indexOf(0, start))
}
