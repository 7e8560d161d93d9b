import type { Safeguard } from './safeguard.ts'

/**
 * A request for a code needs an API key or a client that authenticates (RFC 10027 section 6.1.15). With a
 * key, only its owner can approve.
 */
export const knownPerson = (): Safeguard => ({
  name: 'known_person',
  readsApiKey: true,
  refuseRequest: ({ clientAuthenticated, sender }) =>
    clientAuthenticated || sender !== undefined ? undefined : 'unknown_person',
})
