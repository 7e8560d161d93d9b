import { write, writeSync } from 'node:fs'

const MAX_QUEUED_BYTES = 1_048_576
const MAX_LINES_AT_ONCE = 50
/** How long a line waits for others, in milliseconds. A write for each turn costs a switch of threads. */
const GATHER_MS = 5
/** The pause before a full pipe is tried again, in milliseconds. */
const RETRY_MS = 50
/** How long `end` waits for a full pipe, in milliseconds. */
const END_WITHIN_MS = 200

export interface LogDestinationOptions {
  /** Called with the number of dropped lines once there is room again. */
  readonly onDropped: (lines: number) => void
  /** @default 1_048_576 */
  readonly maxQueuedBytes?: number | undefined
}

/**
 * Writes log lines to a file descriptor and never waits for its reader. It queues up to 1 MiB and
 * drops further lines, because a reader that stalls must not stop the server.
 */
export class LogDestination {
  readonly #fd: number
  readonly #onDropped: (lines: number) => void
  readonly #maxQueuedBytes: number
  #lines: string[] = []
  /** The bytes that are written next, or that the system writes right now. */
  #chunk: Buffer = Buffer.alloc(0)
  #queuedBytes = 0
  #dropped = 0
  #state: 'idle' | 'scheduled' | 'writing' | 'waiting' | 'closed' = 'idle'
  #onEmpty: (() => void)[] = []

  constructor(fd: number, { onDropped, maxQueuedBytes = MAX_QUEUED_BYTES }: LogDestinationOptions) {
    this.#fd = fd
    this.#onDropped = onDropped
    this.#maxQueuedBytes = maxQueuedBytes
  }

  /** Queues a line, or counts it as dropped if the queue is full. */
  write(line: string): void {
    if (this.#state === 'closed') return
    const bytes = Buffer.byteLength(line)
    if (this.#queuedBytes + bytes > this.#maxQueuedBytes) {
      this.#dropped += 1
      return
    }
    this.#lines.push(line)
    this.#queuedBytes += bytes
    if (this.#state !== 'idle') return
    this.#state = 'scheduled'
    setTimeout(() => {
      if (this.#state === 'scheduled') this.#writeNext()
    }, GATHER_MS)
  }

  /** Resolves when every line is written, or after so many milliseconds. */
  async flush(withinMs: number): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'closed') return
    await new Promise<void>((resolve) => {
      const tooLate = setTimeout(resolve, withinMs)
      this.#onEmpty.push(() => {
        clearTimeout(tooLate)
        resolve()
      })
    })
  }

  /**
   * Writes what is queued before the process ends, and takes no more lines. It gives up on a pipe that
   * stays full.
   */
  end(): void {
    if (this.#state === 'closed') return
    // The process waits for a write in progress, so its chunk must not be written twice.
    const rest = this.#state === 'writing' ? [] : [this.#chunk]
    this.#state = 'writing'
    this.#reportDropped()
    this.#state = 'closed'
    let bytes = Buffer.concat([...rest, Buffer.from(this.#lines.join(''))])
    const giveUpAt = performance.now() + END_WITHIN_MS
    while (bytes.length > 0 && performance.now() < giveUpAt) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes))
      } catch (error) {
        if (!isFull(error)) return
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      }
    }
  }

  #writeNext(): void {
    if (this.#chunk.length === 0) {
      this.#chunk = Buffer.from(this.#lines.splice(0, MAX_LINES_AT_ONCE).join(''))
    }
    if (this.#chunk.length === 0) return this.#becomeIdle()
    this.#state = 'writing'
    write(this.#fd, this.#chunk, (error, written) => {
      if (this.#state === 'closed') return
      if (error !== null && !isFull(error)) return this.#close()
      if (error !== null) {
        this.#state = 'waiting'
        setTimeout(() => {
          if (this.#state === 'waiting') this.#writeNext()
        }, RETRY_MS).unref()
        return
      }
      this.#chunk = this.#chunk.subarray(written)
      this.#queuedBytes -= written
      if (this.#queuedBytes < this.#maxQueuedBytes / 2) this.#reportDropped()
      this.#writeNext()
    })
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return
    const lines = this.#dropped
    this.#dropped = 0
    this.#onDropped(lines)
  }

  #becomeIdle(): void {
    this.#state = 'idle'
    const waiting = this.#onEmpty
    this.#onEmpty = []
    for (const done of waiting) done()
  }

  /** The reader is gone, and no line can be written any more. */
  #close(): void {
    this.#becomeIdle()
    this.#state = 'closed'
    this.#lines = []
  }
}

const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN'
