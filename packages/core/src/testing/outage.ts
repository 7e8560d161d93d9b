import { StoreUnavailableError } from '../store-errors.ts'
import { check } from './assertions.ts'
import { pause } from './pause.ts'
import type { KitTest } from './runner.ts'
import type { Outage, StorePair } from './store-pair.ts'

const DEFAULT_TIMEOUT_MS = 10_000

/** How long the store may take to connect before it is cut off. */
const CONNECT_TIMEOUT_MS = 60_000

/** Calls to a store, by names for the messages. `read` writes nothing. */
interface Calls {
  readonly read: () => Promise<unknown>
  readonly [name: string]: () => Promise<unknown>
}

/**
 * Tests that all calls fail in time while the server is down, and while it hangs. `prepare` runs
 * before the store is cut off. It writes through `peer`, whose timeouts may be longer.
 */
export const testOutages = <Store>(
  it: KitTest<Store>,
  prepare: (pair: StorePair<Store>) => Promise<Calls>,
): void => {
  const cutOff = async (pair: StorePair<Store>, outage: Outage): Promise<void> => {
    const { cut, cutTimeoutMs = DEFAULT_TIMEOUT_MS } = pair
    if (!cut) return
    const calls = await prepare(pair)
    await connect(calls.read)
    await cut(outage)
    await Promise.all(
      Object.entries(calls).map(([name, call]) => checkUnavailable(name, call, cutTimeoutMs)),
    )
  }
  const options = { cut: true }
  it('every call fails in time while the server is down', (pair) => cutOff(pair, 'down'), options)
  it('every call fails in time while the server hangs', (pair) => cutOff(pair, 'hanging'), options)
}

/** Reads until it is answered, because short timeouts may be missed on a busy machine. */
const connect = async (read: () => Promise<unknown>): Promise<void> => {
  const end = Date.now() + CONNECT_TIMEOUT_MS
  for (;;) {
    try {
      await read()
      return
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || Date.now() > end) throw error
    }
    await pause()
  }
}

const checkUnavailable = async (
  name: string,
  call: () => Promise<unknown>,
  timeoutMs: number,
): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'late')
  })
  const failed = call().then(
    () => 'it succeeded',
    (error: unknown) => (error instanceof StoreUnavailableError ? undefined : String(error)),
  )
  const found = await Promise.race([failed, late])
  clearTimeout(timer)
  check(found !== 'late', `${name}: no answer within ${timeoutMs} ms`)
  check(found === undefined, `${name}: expected StoreUnavailableError, but ${found}`)
}
