import type { Policy } from './policy.ts'
import type { RegisteredClient } from './registered-client.ts'

/**
 * The lifetimes that a person may choose from, in milliseconds: the client's, else the policy's. The
 * first one is preselected. None is longer than the policy's maximum.
 */
export const offeredLifetimes = (
  client: Pick<RegisteredClient, 'keyLifetimesMs'> | undefined,
  { keyLifetimesMs, maxKeyLifetimeMs }: Pick<Policy, 'keyLifetimesMs' | 'maxKeyLifetimeMs'>,
): readonly [number, ...number[]] => {
  const offered = client?.keyLifetimesMs ?? keyLifetimesMs
  const [first = maxKeyLifetimeMs, ...others] = offered.filter((ms) => ms <= maxKeyLifetimeMs)
  return [first, ...others]
}

/** The chosen lifetime, the preselected one if none was chosen, or `undefined` if it is not offered. */
export const chosenLifetime = (
  offered: readonly [number, ...number[]],
  chosenMs: number | undefined,
): number | undefined => {
  if (chosenMs === undefined) return offered[0]
  return offered.includes(chosenMs) ? chosenMs : undefined
}
