import { readFileSync } from 'node:fs'

const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8')

/** The version of this package. */
export const VERSION: string = JSON.parse(packageFile).version
