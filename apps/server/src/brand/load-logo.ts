import { readFile } from 'node:fs/promises'
import type { Asset } from '@device-grant/http-koa'
import { decodeUtf8 } from '../clients/parse-json.ts'
import { svgProblem } from './svg-problem.ts'

const MAX_BYTES = 256 * 1024
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * Reads a logo in SVG or PNG.
 * @returns the logo, or what is wrong, to follow the name of the variable
 */
export const loadLogo = async (path: string): Promise<Asset | string> => {
  let body: Buffer
  try {
    body = await readFile(path)
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
  if (body.length > MAX_BYTES) return `must have ${MAX_BYTES / 1024} KiB at most`
  if (body.subarray(0, PNG.length).equals(PNG)) return { type: 'image/png', body }
  const text = decodeUtf8(body)
  if (text === undefined) return 'must be an SVG or PNG picture'
  return svgProblem(text) ?? { type: 'image/svg+xml', body }
}
