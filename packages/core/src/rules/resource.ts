/** The result of naming resources (RFC 8707 section 2). */
export type RequestedResources =
  | {
      readonly outcome: 'ok'
      /** The resources, each once. Absent if a key for them passes everywhere. */
      readonly resources: readonly string[] | undefined
    }
  | { readonly outcome: 'invalid_target' }

/**
 * Decides for which resources a client asks. `allowed` is what the operator lets it ask for. Without such
 * a setting, resources are ignored.
 */
export const requestedResources = (
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): RequestedResources => {
  if (!allowed || !asked || asked.length === 0) return { outcome: 'ok', resources: undefined }
  return asked.every((resource) => allowed.includes(resource))
    ? { outcome: 'ok', resources: [...new Set(asked)] }
    : { outcome: 'invalid_target' }
}

/**
 * Decides for which of the approved resources a key is. A poll may ask for some of them, and else gets
 * all. An approval without resources has none to ask for.
 */
export const targetedResources = (
  approved: readonly string[] | undefined,
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): RequestedResources => {
  const isIgnored = !approved && !allowed
  if (!asked || asked.length === 0 || isIgnored) return { outcome: 'ok', resources: approved }
  return approved && asked.every((resource) => approved.includes(resource))
    ? { outcome: 'ok', resources: [...new Set(asked)] }
    : { outcome: 'invalid_target' }
}
