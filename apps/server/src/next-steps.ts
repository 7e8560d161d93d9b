import type { Settings } from './config.ts'
import { storesInUse } from './stores-in-use.ts'

/** The server that a login uses without an argument. */
const DEFAULT_URL = 'http://localhost:3000'

/** The program that logs in: of the installed package, or of the repository. */
const loginAt = (publicUrl: string): string => {
  const url = publicUrl === DEFAULT_URL ? [] : [publicUrl]
  return import.meta.url.includes('/node_modules/')
    ? `Log in from a second terminal:  ${['npx device-grant login', ...url].join(' ')}`
    : `Log in from a second terminal, in the repository:  ${['npm run login', ...url].join(' -- ')}`
}

/** Tells the person who started the server how to log in, where the data is, and what a restart loses. */
export const nextSteps = (settings: Settings): string => {
  const { publicUrl } = settings
  const { codes, apiKeys, folder } = storesInUse(settings)
  const kept = (place: string): string =>
    [codes === place ? 'codes' : '', apiKeys === place ? 'API keys' : '']
      .filter(Boolean)
      .join(' and ')
  const [inFolder, inMemory] = [kept('lmdb'), kept('memory')]
  const notes = [
    inFolder && `  (The ${inFolder} are kept in ${folder})\n`,
    inMemory && `  (The ${inMemory} are kept in memory and lost when this process ends.)\n`,
  ]
  return `
  device-grant is at ${publicUrl}
  ${loginAt(publicUrl)}
${notes.filter(Boolean).join('')}
`
}
