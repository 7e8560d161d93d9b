import type { StoreWatch } from './store-watch.ts'

const watches = new WeakMap<object, StoreWatch>()

/** The watch of the store whose operation failed with this error, or `undefined`. */
export const watchOf = (error: object): StoreWatch | undefined => watches.get(error)

/** Attributes the errors of every operation of a store to its watch. */
export const attributeErrors = <S extends object>(store: S, watch: StoreWatch): S =>
  new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = member.apply(target, args)
        if (result instanceof Promise) {
          result.catch((error: unknown) => {
            if (typeof error === 'object' && error !== null) watches.set(error, watch)
          })
        }
        return result
      }
    },
  })
