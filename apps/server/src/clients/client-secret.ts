import { createHash, randomBytes } from 'node:crypto'

/** Makes a client secret of 256 random bits and its hash, as a text that tells where each goes. */
export const newClientSecret = (): string => {
  const secret = randomBytes(32).toString('base64url')
  const hash = createHash('sha256').update(secret).digest('base64url')
  return `\
${secret}
sha256:${hash}
Give the first line to the client, and put the second into its client_secret_hashes in CLIENTS_FILE.
`
}
