import { connect } from 'node:net'
import { FORM } from './http-exchange.ts'

/** Sends exactly these bytes. Returns what comes back until the server closes the connection. */
export const sendBytes = (url: string, bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.write(bytes)
  })

/**
 * Announces a form of `length` bytes and sends it until the server ends the connection.
 * @returns the status, and how many bytes the server took
 */
export const sendUntilAnswered = (
  url: string,
  path: string,
  length: number,
): Promise<{ readonly status: number; readonly sentBytes: number }> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const part = Buffer.alloc(64 * 1024, '&')
    let received = ''
    let over = false
    const feed = (): void => {
      while (!over && socket.write(part));
    }
    socket.on('data', (data) => {
      received += data
    })
    socket.on('drain', feed)
    socket.on('error', () => {})
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        over = true
        socket.destroy()
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 0)
        resolve({ status, sentBytes: socket.bytesWritten - socket.writableLength })
      })
    }
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: ${length}\r\n\r\n`,
      feed,
    )
  })
