/** The members of stored data. */
export type Members = Readonly<Record<string, unknown>>

export const isText = (value: unknown): value is string => typeof value === 'string'

export const isNumber = (value: unknown): value is number => Number.isFinite(value)

export const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

/** Whether a member may be absent, or is what it must be. */
export const isAbsentOr = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || is(value)

/** The members of an object, or `undefined` for other data. */
export const membersOf = (value: unknown): Members | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Members)
    : undefined

/** Whether stored data is the request of a device. */
export const isRequest = (value: unknown): boolean => {
  const request = membersOf(value)
  return (
    request !== undefined &&
    isAbsentOr(request['clientId'], isText) &&
    isAbsentOr(request['scope'], isText) &&
    isAbsentOr(request['deviceName'], isText) &&
    isAbsentOr(request['resources'], isTexts) &&
    membersOf(request['device']) !== undefined
  )
}
