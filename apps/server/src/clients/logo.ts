import { extname } from 'node:path'
import type { RegisteredClient } from '@device-grant/core'
import type { CheckText } from './json-place.ts'

/** The media types of logos, by the extension of the file. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.webp', 'image/webp'],
])

const MAX_BYTES = 256 * 1024

/** Checks the path of a logo. */
export const checkLogoFile: CheckText = (file) =>
  MEDIA_TYPES.has(extname(file))
    ? undefined
    : `must end in ${[...MEDIA_TYPES.keys()].join(', ')}, and name a file`

/** Makes a logo of the content of a file, or tells what is wrong with the file. */
export const readLogo = (
  file: string,
  body: Uint8Array,
): NonNullable<RegisteredClient['logo']> | string => {
  if (body.length === 0) return 'names an empty file'
  if (body.length > MAX_BYTES) return `names a file of more than ${MAX_BYTES / 1024} KiB`
  return { mediaType: MEDIA_TYPES.get(extname(file)) ?? '', body }
}
