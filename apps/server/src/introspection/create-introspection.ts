import { type OnError, TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import {
  type ClientIdentification,
  type Introspection,
  introspection,
} from '@device-grant/http-koa'
import type { Container } from 'inversify'

/** Makes the introspection endpoint if the container has a registry, whose services may use it. */
export const createIntrospection = (
  container: Container,
  {
    clients,
    publicUrl,
    onError,
  }: {
    readonly clients: ClientIdentification | undefined
    readonly publicUrl: string
    readonly onError: OnError
  },
): Introspection | undefined =>
  clients &&
  introspection({
    authenticateApiKey: (apiKey) => get(container, TOKENS.AuthenticateApiKey)(apiKey),
    registry: get(container, TOKENS.ClientRegistry),
    clients,
    publicUrl,
    onError,
  })
