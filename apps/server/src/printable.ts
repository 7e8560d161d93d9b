/** Control and format characters, and line separators. They can forge or hide lines of a log. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A copy whose texts show a replacement character instead of each unprintable one. */
export const printable = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replace(UNPRINTABLE, '\ufffd')
  if (Array.isArray(value)) return value.map(printable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, printable(member)]),
  )
}
