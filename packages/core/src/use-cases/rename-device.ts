import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { renameDevice } from '../rules/api-key.ts'
import { readDeviceName } from '../rules/device-name.ts'
import type { Policy } from '../rules/policy.ts'
import { aboutKey } from './event-members.ts'
import { updateKey } from './update-key.ts'

/** The ports of `RenameDevice`. */
export interface RenameDeviceDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
  readonly policy: Policy
}

/** A key, its owner and the new name of its device. */
export interface RenameDeviceRequest {
  readonly owner: string
  readonly keyId: string
  /** 64 characters at most. A name without visible characters removes the name. */
  readonly deviceName: string
}

/** The result of renaming. `no_such_key` also stands for another person's key. */
export type RenameDeviceReply =
  | { readonly outcome: 'renamed'; readonly deviceName: string | undefined }
  | { readonly outcome: 'no_such_key' | 'device_name_too_long' }

/**
 * A person gives the device of one of their keys another name.
 * @throws {StoreError} if it is unknown whether the device was renamed; retrying is safe
 */
export type RenameDevice = (request: RenameDeviceRequest) => Promise<RenameDeviceReply>

/** Makes the use case that renames the device of a key. */
export const createRenameDevice =
  ({ apiKeys, clock, events, policy }: RenameDeviceDependencies): RenameDevice =>
  async ({ owner, keyId, deviceName: given }) => {
    const read = readDeviceName(given)
    if (read.outcome !== 'ok') return { outcome: 'device_name_too_long' }
    const { name: deviceName } = read
    const now = clock.now()
    const renaming = renameDevice({ owner, deviceName, now, policy })
    const { reply, before } = await updateKey(apiKeys, keyId, renaming)
    if (reply !== 'renamed') return { outcome: reply }
    if (before && before.status !== 'erased') {
      events.emit({ type: 'device_renamed', at: now, ...aboutKey(keyId, before), deviceName })
    }
    return { outcome: 'renamed', deviceName }
  }
