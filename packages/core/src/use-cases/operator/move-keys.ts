import type { ApiKeyStore, Clock, ScannableStore, StateStore } from '../../ports.ts'
import type { ApiKey } from '../../rules/api-key.ts'
import type { CutOff } from '../../rules/cut-off.ts'
import {
  importCutOff,
  importKey,
  isMovable,
  type KeyImport,
  type MovableKey,
} from '../../rules/imported-key.ts'

/** A state on its way to another store. It holds no secret but hashes. */
export type MovedState =
  | { readonly type: 'key'; readonly id: string; readonly state: MovableKey }
  | { readonly type: 'cut_off'; readonly id: string; readonly state: CutOff }

/** The stores of an export. */
export interface ExportKeysDependencies {
  readonly apiKeys: ScannableStore<ApiKey>
  readonly cutOffs: ScannableStore<CutOff>
  readonly clock: Clock
}

/** How many states an export has written. */
export interface ExportedKeys {
  /** Keys by their status. */
  readonly keys: Readonly<Record<MovableKey['status'], number>>
  readonly cutOffs: number
  /**
   * Keys that stay behind, by their status: those that wait for pick-up or for their first use, because
   * they belong to a grant.
   */
  readonly left: Readonly<Record<string, number>>
}

/**
 * Writes all active and revoked keys, erased keys and cut-offs. A key that changes meanwhile may be written
 * as it was before.
 * @throws {StoreError} if a store could not be read
 */
export const exportKeys = async (
  { apiKeys, cutOffs, clock }: ExportKeysDependencies,
  write: (moved: MovedState) => Promise<void>,
): Promise<ExportedKeys> => {
  const keys = { active: 0, revoked: 0, erased: 0 }
  const left: Record<string, number> = {}
  let written = 0
  const now = clock.now()
  for await (const { id, state } of apiKeys.scan()) {
    if (state.keepUntil <= now) continue
    if (isMovable(state)) {
      await write({ type: 'key', id, state })
      keys[state.status] += 1
    } else left[state.status] = (left[state.status] ?? 0) + 1
  }
  for await (const { id, state } of cutOffs.scan()) {
    if (state.keepUntil <= now) continue
    await write({ type: 'cut_off', id, state })
    written += 1
  }
  const sorted = Object.entries(left).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { keys, cutOffs: written, left: Object.fromEntries(sorted) }
}

/** The stores of an import. */
export interface ImportKeysDependencies {
  readonly apiKeys: ApiKeyStore
  readonly cutOffs: StateStore<CutOff>
  readonly clock: Clock
}

/** The result of an import. `forgotten`: the state was past its `keepUntil`, and nothing was written. */
export type MovedStateImport = KeyImport | 'forgotten'

/**
 * Imports one state. It may be repeated. It overwrites no id that the store knows, unless the imported key
 * has ended further.
 * @throws {StoreError} if it is unknown whether it was imported; retrying is safe
 */
export const importMovedState = async (
  { apiKeys, cutOffs, clock }: ImportKeysDependencies,
  moved: MovedState,
): Promise<MovedStateImport> => {
  if (moved.state.keepUntil <= clock.now()) return 'forgotten'
  return moved.type === 'key'
    ? apiKeys.update(moved.id, importKey(moved.state))
    : cutOffs.update(moved.id, importCutOff(moved.state))
}
