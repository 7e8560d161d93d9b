/** @throws {Error} with the message, if the condition does not hold */
export const check = (holds: boolean, message: string): void => {
  if (!holds) throw new Error(message)
}

/**
 * Compares two JSON values. The order of members and members that are `undefined` do not count.
 * @throws {Error} with both values, if they differ
 */
export const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [canonical(actual), canonical(expected)]
  check(a === b, `${what}: expected ${b}, got ${a}`)
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'undefined'
