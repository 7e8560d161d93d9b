import { JOINERS, replaceInvisible } from './invisible-characters.ts'

/** The longest name of a device, in characters. */
export const MAX_DEVICE_NAME = 64

/** A device's name as it is stored, or why it is refused. */
export type ReadDeviceName =
  | {
      readonly outcome: 'ok'
      /** Absent if the text has no visible character. */
      readonly name: string | undefined
    }
  | { readonly outcome: 'too_long' }

/**
 * Cleans the name that a device or a person gives a device. Control, format and direction characters
 * become spaces, because they could make the name look like another text.
 */
export const readDeviceName = (text: string | undefined): ReadDeviceName => {
  const name = replaceInvisible(text ?? '', ' ')
    .replace(/\s+/gu, ' ')
    .trim()
  if (Array.from(name).length > MAX_DEVICE_NAME) return { outcome: 'too_long' }
  const isVisible = name.replace(new RegExp(`[${JOINERS}\\s]`, 'gu'), '') !== ''
  return { outcome: 'ok', name: isVisible ? name : undefined }
}
