/**
 * The logins that ended, with their numbers.
 * @param errors gets the reason of each login that failed
 */
export const endedLogins = <Login>(
  settled: readonly PromiseSettledResult<Login>[],
  errors: string[],
): readonly (readonly [number, Login])[] =>
  settled.flatMap((login, i) => {
    if (login.status === 'fulfilled') return [[i, login.value] as const]
    errors.push(`login ${i}: ${String(login.reason)}`)
    return []
  })
