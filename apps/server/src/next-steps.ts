import type { Settings } from './config.ts'
import { storesInUse } from './stores-in-use.ts'

/** The server that `npm run login` uses without an argument. */
const DEFAULT_URL = 'http://localhost:3000'

/** Tells the person who started the server how to log in, where the data is, and what a restart loses. */
export const nextSteps = (settings: Settings): string => {
  const { publicUrl } = settings
  const argument = publicUrl === DEFAULT_URL ? '' : ` -- ${publicUrl}`
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
  Log in from a second terminal, in the repository:  npm run login${argument}
${notes.filter(Boolean).join('')}
`
}
