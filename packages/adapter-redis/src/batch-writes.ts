import type { Redis } from 'ioredis'

/**
 * Sends the commands of one turn of the event loop in one system call, on this connection and all
 * later ones. ioredis's auto-pipelining costs more, and makes commands wait for earlier answers.
 */
export const batchWrites = (redis: Redis): void => {
  redis.on('connect', () => {
    const { stream } = redis
    const { write } = stream
    const send = (): void => stream.uncork()
    stream.write = (...command: unknown[]): boolean => {
      if (stream.writableCorked === 0) {
        stream.cork()
        setImmediate(send)
      }
      return Reflect.apply(write, stream, command)
    }
  })
}
