import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** The requests to send, and how to recognise their right answers. */
export interface Target {
  readonly port: number
  readonly path: string
  /** The body of the next request. */
  nextForm(): string
  /** The `Authorization` header, if there is one. */
  readonly authorization?: string | undefined
  /** The start of a right answer, for example `HTTP/1.1 200`. */
  readonly status: string
  /** A part of its body. One of several is enough. */
  readonly answers: readonly string[]
}

export interface Load {
  readonly target: Target
  readonly seconds: number
  readonly connections: number
  /** Requests per second, evenly spread. If absent, each connection sends its next request at once. */
  readonly rate?: number
  /**
   * How long the generator sleeps between two rounds, in milliseconds. It then reads all answers and
   * sends the next requests, so that they arrive in bursts.
   */
  readonly wakeEveryMs?: number | undefined
}

export interface LoadResult {
  /** Right answers within the time. */
  readonly answers: number
  readonly seconds: number
  /** How many answers were wrong, and one of them. */
  readonly wrong: number
  readonly wrongExample: string | undefined
  /** The times from due requests to the ends of their answers, sorted, in milliseconds. */
  readonly latencies: Float64Array
}

/** Sends requests over raw sockets, because a client library costs as much as the measured server. */
export const applyLoad = async (load: Load): Promise<LoadResult> => {
  const run = new Run(load)
  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => openConnection(load.target.port, run)),
  )
  await run.untilEnd(sockets)
  for (const { socket } of sockets) socket.destroy()
  return run.result()
}

interface Connection {
  readonly socket: Socket
  /** What has arrived of the current answer. */
  text: string
  dueAt: number
}

const openConnection = async (port: number, run: Run): Promise<Connection> => {
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafe(16_384),
      callback: (length, buffer) => {
        connection.text += (buffer as Buffer).toString('latin1', 0, length)
        if (isWhole(connection.text)) run.answered(connection)
        return true
      },
    },
  })
  const connection: Connection = { socket, text: '', dueAt: 0 }
  socket.on('close', () => run.fail(new Error('The server closed a connection')))
  socket.on('error', (error) => run.fail(error))
  await once(socket, 'connect')
  return connection
}

const LENGTH = '\r\nContent-Length: '

const isWhole = (text: string): boolean => {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const at = text.indexOf(LENGTH) + LENGTH.length
  const length = Number(text.slice(at, text.indexOf('\r', at)))
  return text.length >= head + 4 + length
}

class Run {
  readonly #load: Load
  readonly #latencies: number[] = []
  /** Free connections, and the due times of requests that wait for one. */
  readonly #free: Connection[] = []
  readonly #waiting: number[] = []
  #underWay = 0
  #answers = 0
  #wrong = 0
  #wrongExample: string | undefined
  #ending = false
  #over = false
  #drained: () => void = () => {}
  #fail: (error: Error) => void = () => {}
  #seconds = 0

  constructor(load: Load) {
    this.#load = load
  }

  async untilEnd(connections: readonly Connection[]): Promise<void> {
    const { seconds, rate, wakeEveryMs } = this.#load
    const drained = new Promise<void>((resolve, reject) => {
      this.#drained = resolve
      this.#fail = reject
    })
    const begin = performance.now()
    this.#free.push(...connections)
    const sent =
      rate !== undefined
        ? this.#sendAtRate(rate, begin)
        : new Promise<void>((done) => setTimeout(done, seconds * 1000))
    if (wakeEveryMs !== undefined) this.#sendInRounds(wakeEveryMs)
    else if (rate === undefined) this.#sendAll()
    await Promise.race([drained, sent])
    this.#seconds = (performance.now() - begin) / 1000
    this.#ending = true
    if (this.#underWay === 0) this.#drained()
    await drained
    this.#over = true
  }

  #sendAll(): void {
    for (const connection of this.#free.splice(0)) this.#send(connection, 0)
  }

  #sendInRounds(everyMs: number): void {
    const cell = new Int32Array(new SharedArrayBuffer(4))
    const wake = (): void => {
      if (this.#ending) return
      this.#sendAll()
      // A timer of Node takes a millisecond at least.
      Atomics.wait(cell, 0, 0, everyMs)
      setImmediate(wake)
    }
    wake()
  }

  #sendAtRate(rate: number, begin: number): Promise<void> {
    let sent = 0
    return new Promise((resolve) => {
      const tick = (): void => {
        const now = performance.now()
        const elapsed = (now - begin) / 1000
        if (elapsed >= this.#load.seconds) return resolve()
        for (const due = Math.floor(elapsed * rate); sent < due; sent++) {
          const connection = this.#free.pop()
          if (connection) this.#send(connection, now)
          else this.#waiting.push(now)
        }
        setTimeout(tick, 1)
      }
      tick()
    })
  }

  #send(connection: Connection, dueAt: number): void {
    const { target } = this.#load
    const form = target.nextForm()
    connection.text = ''
    connection.dueAt = dueAt
    this.#underWay += 1
    connection.socket.write(
      `POST ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nUser-Agent: bench\r\n` +
        'Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
        (target.authorization ? `Authorization: ${target.authorization}\r\n` : '') +
        `Content-Length: ${form.length}\r\n\r\n${form}`,
      'latin1',
    )
  }

  answered(connection: Connection): void {
    const { text } = connection
    const { target, rate, wakeEveryMs } = this.#load
    this.#underWay -= 1
    if (!text.startsWith(target.status) || !target.answers.some((part) => text.includes(part))) {
      this.#wrong += 1
      this.#wrongExample ??= text
    } else if (!this.#ending) this.#answers += 1
    if (wakeEveryMs !== undefined) this.#free.push(connection)
    else if (rate !== undefined) {
      this.#latencies.push(performance.now() - connection.dueAt)
      const dueAt = this.#waiting.shift()
      if (dueAt !== undefined) this.#send(connection, dueAt)
      else this.#free.push(connection)
    } else if (!this.#ending) this.#send(connection, 0)
    if (this.#ending && this.#underWay === 0) this.#drained()
  }

  fail(error: Error): void {
    if (!this.#over) this.#fail(error)
  }

  result(): LoadResult {
    return {
      answers: this.#answers,
      seconds: this.#seconds,
      wrong: this.#wrong,
      wrongExample: this.#wrongExample,
      latencies: Float64Array.from(this.#latencies).sort(),
    }
  }
}
