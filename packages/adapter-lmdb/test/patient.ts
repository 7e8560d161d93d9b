/** A timeout that no busy machine misses, in milliseconds. */
export const PATIENT_MS: number = 30_000
