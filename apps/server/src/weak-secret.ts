/** Secrets that the documentation prints, which makes them public. */
const EXAMPLES: readonly string[] = [
  'only-for-a-look-around-0123456789abcdef',
  'thirty-two characters or even more …',
]

/** Random hexadecimal digits have fewer in 1 of 30 million secrets of 32 digits. */
const MIN_DIFFERENT_CHARACTERS = 8

/** Says why a secret can be guessed, without the secret, or `undefined`. */
export const weaknessOf = (secret: string): string | undefined => {
  if (EXAMPLES.includes(secret)) return 'is an example from the documentation'
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return 'has too few different characters'
  if (/^(.+?)\1+$/s.test(secret)) return 'repeats a shorter text'
  return undefined
}
