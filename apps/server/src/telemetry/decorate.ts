import type { Token } from '@device-grant/core'
import type { Container } from 'inversify'

/** Has the container decorate what a token names, when it makes it. */
export const decorate = <T>(
  container: Container,
  name: Token<T>,
  decorated: (value: T) => T,
): void => {
  container.onActivation<T>(name, (_context, value) => decorated(value))
}
