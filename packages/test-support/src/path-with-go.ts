import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The PATH and the folder into which `go install` writes. */
export const PATH_WITH_GO = [process.env['PATH'], join(homedir(), 'go', 'bin')].join(delimiter)
