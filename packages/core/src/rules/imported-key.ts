import type { ActiveKey, ApiKey, ErasedKey, RevokedKey } from './api-key.ts'
import type { CutOff } from './cut-off.ts'
import {
  isAbsentOr,
  isNumber,
  isRequest,
  isText,
  isTexts,
  type Members,
  membersOf,
} from './stored-members.ts'
import type { Step, Transition } from './transition.ts'

/** A key that can move to another store. Reserved and claimed keys belong to a grant, which cannot. */
export type MovableKey = ActiveKey | RevokedKey | ErasedKey

/** Whether a key can move to another store. */
export const isMovable = (key: ApiKey): key is MovableKey => Object.hasOwn(ENDED, key.status)

/** How far a status has ended. A status that has ended further wins. */
const ENDED: Readonly<Record<MovableKey['status'], number>> = { active: 0, revoked: 1, erased: 2 }

/**
 * The result of an import. `ended`: a key of the store was active, and ends as the imported one did.
 * `kept`: the store knows the id already, and nothing was written.
 */
export type KeyImport = 'imported' | 'ended' | 'kept'

/**
 * Imports a key. It overwrites a known id only if the imported key has ended further. A revoked key wins
 * over one that works or waits for pick-up. An erased key wins over all. So the order of imports does not
 * matter, and none makes a key work again.
 */
export const importKey =
  (imported: MovableKey): Transition<ApiKey, KeyImport> =>
  (current) => {
    if (!current) return { next: imported, reply: 'imported' }
    const kept: Step<ApiKey, KeyImport> = { next: current, reply: 'kept' }
    switch (current.status) {
      case 'reserved':
      case 'claimed':
      case 'active':
      case 'revoked':
      case 'erased': {
        const ended = isMovable(current) ? ENDED[current.status] : ENDED.active
        return ENDED[imported.status] > ended ? { next: imported, reply: 'ended' } : kept
      }
      default:
        // A newer version of this software may store a status that this one does not know.
        return kept
    }
  }

/** Imports a cut-off. The later one of the two counts, and it is kept until both may be forgotten. */
export const importCutOff =
  (imported: CutOff): Transition<CutOff, 'imported' | 'kept'> =>
  (current) => {
    if (!current) return { next: imported, reply: 'imported' }
    const at = Math.max(current.at, imported.at)
    const keepUntil = Math.max(current.keepUntil, imported.keepUntil)
    const erases = current.erases ?? imported.erases
    const isSame = at === current.at && keepUntil === current.keepUntil && erases === current.erases
    return isSame
      ? { next: current, reply: 'kept' }
      : { next: { ...current, at, keepUntil, erases }, reply: 'imported' }
  }

/** Whether data from elsewhere is a key that can move. Members that this version does not know are allowed. */
export const isMovableKey = (value: unknown): value is MovableKey => {
  const key = membersOf(value)
  if (!key || !isNumber(key['keepUntil'])) return false
  switch (key['status']) {
    case 'erased':
      return true
    case 'active':
      return isUsedKey(key) && isNumber(key['expiresAt']) && isNumber(key['lastUsedAt'])
    case 'revoked':
      return isUsedKey(key) && isNumber(key['revokedAt'])
    default:
      return false
  }
}

const isUsedKey = (key: Members): boolean =>
  [key['name'], key['owner'], key['secretHash']].every(isText) &&
  isRequest(key['request']) &&
  isNumber(key['approvedAt']) &&
  ['scope', 'deviceName', 'replaces'].every((name) => isAbsentOr(key[name], isText)) &&
  isAbsentOr(key['resources'], isTexts) &&
  isAbsentOr(key['firstIssuedAt'], isNumber)

/** Whether data from elsewhere is a cut-off. */
export const isCutOffState = (value: unknown): value is CutOff => {
  const cutOff = membersOf(value)
  return (
    isNumber(cutOff?.['at']) &&
    isNumber(cutOff['keepUntil']) &&
    (cutOff['erases'] === undefined || cutOff['erases'] === true)
  )
}
