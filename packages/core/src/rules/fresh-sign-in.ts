import type { Safeguard } from './safeguard.ts'

/** The person must have signed in at most `maxAgeMs` milliseconds ago. An unknown time is too long ago. */
export const freshSignIn = (maxAgeMs: number): Safeguard => ({
  name: `fresh_sign_in:${maxAgeMs}`,
  blockApproval: ({ signedInAt, now }) =>
    signedInAt !== undefined && now - signedInAt <= maxAgeMs ? undefined : 'sign_in_again',
})
