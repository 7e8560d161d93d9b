import { randomUUID } from 'node:crypto'
import type { Clock, DeviceGrantEvent, Events } from '@device-grant/core'
import type { Logger } from 'pino'
import { describeError } from '../describe-error.ts'
import type { Pause } from '../repeat.ts'
import { createThrottle } from '../throttle.ts'
import { postWithin } from './post-within.ts'
import { signedHeaders } from './webhook-secret.ts'
import type { WebhookSettings } from './webhook-settings.ts'

/** Events that wait for their delivery. Further ones are dropped. */
const MAX_PENDING = 1_000
const MAX_REQUESTS_AT_ONCE = 4
const MAX_ATTEMPTS = 10
/** The pause after the first attempt, in milliseconds. It doubles with each further attempt. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** How long the receiver may take to answer, in milliseconds. */
const ANSWER_WITHIN_MS = 5_000
/** How long pending events have once the server stops, in milliseconds. */
const END_WITHIN_MS = 2_000

/** The parts of a webhook. */
export interface WebhookOptions {
  readonly log: Logger
  readonly clock: Clock
  readonly pause: Pause
  /** @default 5_000 */
  readonly answerWithinMs?: number | undefined
  /** @default 2_000 */
  readonly endWithinMs?: number | undefined
}

/** An event on its way. Its id stays the same in all attempts, so that receivers notice repetitions. */
interface Message {
  readonly id: string
  readonly body: string
  attempts: number
}

/**
 * Sends events to a URL (Standard Webhooks). It never blocks: a receiver that hangs or fails fills a
 * bounded queue, and further events are dropped and counted.
 */
export class Webhook implements Events {
  readonly #settings: () => WebhookSettings
  readonly #options: WebhookOptions
  readonly #types: ReadonlySet<DeviceGrantEvent['type']>
  readonly #throttle: ReturnType<typeof createThrottle>
  /** Each ends a pause before another attempt. */
  readonly #pauses = new Set<AbortController>()
  /** Messages whose next attempt is due. */
  readonly #due: Message[] = []
  #pending = 0
  #requests = 0
  #dropped = 0
  #isStopping = false
  #hasEnded = false
  #onEmpty: () => void = () => {}

  /** @param settings those at present; the types of events never change */
  constructor(settings: () => WebhookSettings, options: WebhookOptions) {
    this.#settings = settings
    this.#options = options
    this.#types = new Set(settings().events)
    this.#throttle = createThrottle(options.clock)
  }

  /** Queues an event for its delivery, or counts it as dropped if the queue is full. */
  emit(event: DeviceGrantEvent): void {
    if (!this.#types.has(event.type)) return
    if (this.#pending >= MAX_PENDING || this.#isStopping) {
      this.#dropped += 1
      return
    }
    this.#pending += 1
    this.#due.push({ id: `msg_${randomUUID()}`, body: bodyOf(event), attempts: 0 })
    this.#sendDue()
  }

  /** Logs how many events were dropped since the last call, if any, and starts again at zero. */
  flush(): void {
    if (this.#dropped === 0) return
    this.#options.log.warn({ dropped: this.#dropped }, 'webhook events dropped')
    this.#dropped = 0
  }

  /** Tries pending events a last time, and drops those that are not delivered in 2 s. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const pause of this.#pauses) pause.abort()
    if (this.#pending > 0) {
      const empty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
      const ended = new AbortController()
      const { pause, endWithinMs = END_WITHIN_MS } = this.#options
      await Promise.race([empty, pause(endWithinMs, ended.signal)])
      ended.abort()
    }
    this.#hasEnded = true
    this.#dropped += this.#pending
    this.flush()
  }

  #sendDue(): void {
    while (this.#requests < MAX_REQUESTS_AT_ONCE && !this.#hasEnded) {
      const message = this.#due.shift()
      if (!message) return
      this.#requests += 1
      void this.#attempt(message).finally(() => {
        this.#requests -= 1
        this.#sendDue()
      })
    }
  }

  async #attempt(message: Message): Promise<void> {
    message.attempts += 1
    const failure = await this.#send(message)
    if (this.#hasEnded) return
    if (failure === undefined) return this.#end()
    const { id, attempts } = message
    this.#throttle((leftOut) =>
      this.#options.log.warn({ id, attempts, ...failure, leftOut }, 'webhook delivery failed'),
    )
    if (attempts >= MAX_ATTEMPTS || this.#isStopping) {
      this.#dropped += 1
      return this.#end()
    }
    void this.#retryLater(message)
  }

  async #retryLater(message: Message): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (message.attempts - 1), LONGEST_PAUSE_MS)
    const ending = new AbortController()
    this.#pauses.add(ending)
    // Random, so that messages that failed together are not sent together again.
    await this.#options.pause(longest * (0.5 + Math.random() / 2), ending.signal)
    this.#pauses.delete(ending)
    this.#due.push(message)
    this.#sendDue()
  }

  #end(): void {
    this.#pending -= 1
    if (this.#pending === 0) this.#onEmpty()
  }

  /** Sends a message. Returns what is known of the failure, or `undefined` if it was accepted. */
  async #send({ id, body }: Message): Promise<object | undefined> {
    const { log, clock, answerWithinMs = ANSWER_WITHIN_MS } = this.#options
    const { url, secret } = this.#settings()
    try {
      const status = await postWithin(url, {
        headers: {
          'content-type': 'application/json',
          'user-agent': 'device-grant',
          ...signedHeaders(secret, { id, sentAt: clock.now(), body }),
        },
        body,
        withinMs: answerWithinMs,
      })
      return status >= 200 && status < 300 ? undefined : { status }
    } catch (error) {
      return describeError(error, log)
    }
  }
}

const bodyOf = ({ type, at, ...data }: DeviceGrantEvent): string =>
  JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
