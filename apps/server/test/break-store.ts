import { StoreUnavailableError, type Token } from '@device-grant/core'
import type { TestServer } from './test-server.ts'

type Breakable = Record<string, ((...args: never) => Promise<unknown>) | undefined>

/**
 * Makes a memory store of a running server fail as an unreachable database does.
 * @param after how many calls still succeed
 * @returns a function that repairs the store
 */
export const breakStore = (
  { server }: TestServer,
  name: Token<unknown>,
  after = 0,
): (() => void) => {
  const store = server.container.get<Breakable>(name)
  let left = after
  const names = ['update', 'read', 'find'].filter((method) => store[method])
  for (const method of names) {
    const real = store[method]
    store[method] = async (...args: never) => {
      left -= 1
      if (left >= 0) return real?.apply(store, args)
      throw new StoreUnavailableError('The test has taken this store down')
    }
  }
  return () => {
    for (const method of names) delete store[method]
  }
}
