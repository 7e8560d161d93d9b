import type { Container } from 'inversify'
import type { RemoteStore } from '../remote-store.ts'
import { decorate } from './decorate.ts'
import type { Tracing } from './tracing.ts'

/** Makes spans of the commands to every store. */
export const traceStores = (
  container: Container,
  tracing: Tracing,
  stores: readonly RemoteStore[],
): void => {
  for (const { name, ports } of stores) {
    for (const port of ports) {
      const collection = String(port.description).replace('device-grant.', '')
      decorate(container, port, (store) => tracing.trace(store, name, collection))
    }
  }
}
