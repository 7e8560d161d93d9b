import { GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import type { Side } from './compare.ts'
import type { Target } from './load.ts'
import type { Server } from './servers.ts'

const ENCODED_GRANT_TYPE = encodeURIComponent(GRANT_TYPE)

/** Polls every code in turn. */
export const pollForms = (codes: readonly string[]): (() => string) => {
  let at = 0
  return () => {
    const code = codes[at] ?? ''
    at = (at + 1) % codes.length
    return `grant_type=${ENCODED_GRANT_TYPE}&device_code=${code}&client_id=bench`
  }
}

/** Asks for codes. */
export const authorizeForm = (): string => 'client_id=bench&scope=read%20write'

const tokens = (
  server: Server,
  nextForm: Target['nextForm'],
  answers: readonly string[],
): Side => ({
  server,
  target: { port: server.port, path: TOKEN, nextForm, status: 'HTTP/1.1 400', answers },
})

/** Polls of which none may be early. */
export const polling = (server: Server, nextForm: Target['nextForm']): Side =>
  tokens(server, nextForm, ['authorization_pending'])

/** Polls that may be early. */
export const pollingEarly = (server: Server, nextForm: Target['nextForm']): Side =>
  tokens(server, nextForm, ['authorization_pending', 'slow_down'])

export const authorizing = (server: Server): Side => ({
  server,
  target: {
    port: server.port,
    path: '/oauth/device/authorize',
    nextForm: authorizeForm,
    status: 'HTTP/1.1 200',
    answers: ['device_code'],
  },
})

/** The constant application, which reads the same forms. */
export const constant = (server: Server, nextForm: Target['nextForm']): Side => ({
  server,
  target: {
    port: server.port,
    path: '/constant',
    nextForm,
    status: 'HTTP/1.1 200',
    answers: ['{"ok":true}'],
  },
})
