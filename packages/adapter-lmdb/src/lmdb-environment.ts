import { type StoreError, StoreUnavailableError } from '@device-grant/core'
import type { Database, DatabaseOptions, Key, RootDatabase } from 'lmdb'
import { commitErrorOf, toStoreError } from './lmdb-error.ts'

/** A live LMDB environment, which `openLmdb` opens. Any number of processes may have it open. */
export class LmdbEnvironment {
  /** lmdb's own object, for what the stores do not offer. Do not write to their databases with it. */
  readonly root: RootDatabase<string, Key>
  readonly #timeoutMs: number
  readonly #databases = new Map<string, Database<string, Key>>()
  /** Writes that are not finished after their time. */
  #late = 0
  #closing: Promise<void> | undefined

  /** @param timeoutMs how long a write may take, in milliseconds */
  constructor(root: RootDatabase<string, Key>, timeoutMs: number) {
    this.root = root
    this.#timeoutMs = timeoutMs
  }

  /** Opens a database of texts in this environment once, and creates it if it is missing. */
  database(name: string, options: DatabaseOptions = {}): Database<string, Key> {
    const open = (): Database<string, Key> =>
      this.root.openDB<string, Key>(name, { ...options, encoding: 'string' })
    const database = this.#databases.get(name) ?? open()
    this.#databases.set(name, database)
    return database
  }

  /**
   * Reads without waiting, and sees every finished write of all processes.
   * @throws {StoreUnavailableError} if it cannot be read
   */
  read<T>(run: () => T): T {
    try {
      this.#throwIfClosed()
      // A snapshot that was taken in this turn of the event loop may lack a write of another process.
      this.root.resetReadTxn()
      return run()
    } catch (error) {
      throw toStoreError(error, false)
    }
  }

  /**
   * Waits for a write to be as durable as the environment promises. `isCreation` says whether it
   * makes a new id.
   * @throws {StoreUnavailableError} if it failed or took too long; it may or may not happen
   * @throws {StoreFullError} if the disk has no room for a new id
   */
  async write<T>(isCreation: boolean, start: () => Promise<T>): Promise<T> {
    this.#throwIfClosed()
    if (this.#late > 0) throw this.#tooLate()
    const { promise, resolve, reject } = deferred<T>()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#late += 1
      reject(this.#tooLate())
    }, this.#timeoutMs)
    const end = (): void => {
      clearTimeout(timer)
      if (isLate) this.#late -= 1
    }
    // lmdb throws at once if an id is too long.
    const started = (async () => start())()
    started.then(
      (result) => {
        end()
        resolve(result)
      },
      async (error) => {
        end()
        reject(toStoreError(await commitErrorOf(error), isCreation))
      },
    )
    return promise
  }

  /**
   * Waits for the writes in progress, as long as one may take, and closes the environment. It may be
   * called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs)
    })
    await Promise.race([this.root.close(), late])
    clearTimeout(timer)
  }

  /** lmdb ends the process if something is written after the end. */
  #throwIfClosed(): void {
    if (this.#closing) throw new StoreUnavailableError('The LMDB environment is closed')
  }

  #tooLate(): StoreError {
    return new StoreUnavailableError(`LMDB did not write within ${this.#timeoutMs} ms`)
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
}

const deferred = <T>(): Deferred<T> => {
  let resolve: Deferred<T>['resolve'] = () => {}
  let reject: Deferred<T>['reject'] = () => {}
  const promise = new Promise<T>((...functions) => {
    ;[resolve, reject] = functions
  })
  return { promise, resolve, reject }
}
