import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Systems give outgoing connections the ports from 32 768 on, so none of them takes a port below.
const FIRST_PORT = 15_000
const PORTS_END = 32_000

/** Ports drawn before, because two tests of one file must not get the same one. */
const drawn = new Set<number>()

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  } finally {
    probe.close()
  }
}

export interface FreePortOptions {
  /**
   * The port this far above must be free too, as the bus of a Redis Cluster needs it.
   * @default 0
   */
  readonly busOffset?: number
}

/** A port of loopback without a listener. A server that is killed can listen on it again. */
export const freePort = async ({ busOffset = 0 }: FreePortOptions = {}): Promise<number> => {
  for (;;) {
    const port = randomInt(FIRST_PORT, PORTS_END - busOffset)
    if (drawn.has(port) || drawn.has(port + busOffset)) continue
    if ((await isFree(port)) && (await isFree(port + busOffset))) {
      drawn.add(port).add(port + busOffset)
      return port
    }
  }
}
