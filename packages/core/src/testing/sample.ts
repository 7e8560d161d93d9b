import { randomText, sha256 } from '../crypto.ts'
import type { Retained } from '../rules/transition.ts'

/** The state that the kits for stores and drivers keep. */
export interface Sample extends Retained {
  /** A whole number. */
  readonly value: number
  /** A text of up to 2 048 characters. */
  readonly by?: string | undefined
  /** Members of other types. */
  readonly nested?: { readonly text: string; readonly list: readonly number[] }
}

/** An id that no other test uses: 43 characters, as the ids of grants have. */
export const newId = (): string => sha256(randomText(16))

/** A `keepUntil` that no test reaches. */
export const later = (): number => Date.now() + 600_000

/** A text of so many characters without repetitions, which ends with a space. */
export const longText = (length: number): string => `${randomText(length).slice(0, length - 1)} `
