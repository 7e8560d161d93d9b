import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  type ApiKey,
  type ApiKeyPage,
  type ApiKeyStore,
  CompareAndSwapStore,
  type FindApiKeys,
  type Retained,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'
import { own } from '@device-grant/test-support/owned-process'
import type { Answer, Call } from './store-process.ts'

/** Another process on the same folder. */
export class StoreProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0

  constructor(path: string) {
    const program = fileURLToPath(new URL('./store-process.js', import.meta.url))
    this.#child = own(fork(program, [path], { serialization: 'advanced' }))
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer)
      this.#waiting.delete(answer.number)
    })
  }

  /** Lets the process do something, and returns its result. */
  async call<T>(call: Call): Promise<T> {
    const number = this.#calls++
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve)
      this.#child.send({ ...call, number })
    })
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result as T
  }

  /** Closes the environment of the process, and waits for its end. */
  async close(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}

/** A driver in another process. */
export class RemoteDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #process: StoreProcess
  readonly #database: 'samples' | 'api_keys'

  constructor(process: StoreProcess, database: 'samples' | 'api_keys') {
    this.#process = process
    this.#database = database
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#process.call({ call: 'read', database: this.#database, id })
  }

  swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    return this.#process.call({ call: 'swap', database: this.#database, id, expected, next })
  }
}

/** A store of API keys whose reads and writes are those of another process. */
export class RemoteApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #process: StoreProcess

  constructor(process: StoreProcess) {
    super(new RemoteDriver<ApiKey>(process, 'api_keys'))
    this.#process = process
  }

  find(query: FindApiKeys): Promise<ApiKeyPage> {
    return this.#process.call({ call: 'find', query })
  }
}
