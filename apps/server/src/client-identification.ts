import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import {
  type AuthenticateClientsOptions,
  authenticateClients,
  type ClientIdentification,
} from '@device-grant/http-koa'
import type { Container } from 'inversify'

/** Makes clients authenticate if the container has a registry of them. Otherwise all are public. */
export const createClientIdentification = (
  container: Container,
  options: Pick<AuthenticateClientsOptions, 'pause' | 'onRefused'>,
): ClientIdentification | undefined =>
  container.isBound(TOKENS.ClientRegistry)
    ? authenticateClients({
        ...options,
        registry: get(container, TOKENS.ClientRegistry),
        usedAssertions: get(container, TOKENS.UsedAssertions),
        clock: get(container, TOKENS.Clock),
      })
    : undefined
