/** The milliseconds of a clock that never goes back. The default wherever such a clock can be passed in. */
// biome-ignore lint/style/noRestrictedGlobals: the default of an injected function
export const performanceNow = (): number => performance.now()
