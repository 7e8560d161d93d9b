import type { Settings } from './config.ts'

/** The server that `npm run login` uses without an argument. */
const DEFAULT_URL = 'http://localhost:3000'

/** Tells the person who started the server how to log in, and what a restart loses. */
export const nextSteps = ({ publicUrl, redisUrl, mongodbUri }: Settings): string => {
  const argument = publicUrl === DEFAULT_URL ? '' : ` -- ${publicUrl}`
  const inMemory = [
    redisUrl === undefined ? 'codes' : undefined,
    mongodbUri === undefined ? 'API keys' : undefined,
  ].filter((name) => name !== undefined)
  const warning = `
  (The ${inMemory.join(' and ')} are kept in memory and lost when this process ends.)`
  return `
  device-grant is at ${publicUrl}
  Log in from a second terminal, in the repository:  npm run login${argument}${inMemory.length > 0 ? warning : ''}

`
}
