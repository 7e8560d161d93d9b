/** Why a text is no language tag in canonical form (BCP 47), or `undefined` if it is one. */
export const languageTagProblem = (tag: string): string | undefined =>
  isCanonical(tag) ? undefined : `${tag} is no language tag in canonical form, such as fr or pt-BR`

const isCanonical = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
