import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Tests that start together would sooner or later draw the same port. */
const drawn = new Set<number>()

/**
 * A port of loopback that nobody listens on just now. It lies below those that the system gives to
 * outgoing connections, so that none of them takes it before it is used.
 */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    let port = randomInt(15_000, 32_000)
    while (drawn.has(port)) port = randomInt(15_000, 32_000)
    drawn.add(port)
    probe.once('error', (fault: NodeJS.ErrnoException) => {
      if (fault.code === 'EADDRINUSE') freePort().then(resolve, reject)
      else reject(fault)
    })
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })
