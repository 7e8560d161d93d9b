/** A duration in milliseconds as the whole seconds of `Retry-After`, rounded up. */
export const wholeSeconds = (ms: number): string => String(Math.ceil(ms / 1_000))
