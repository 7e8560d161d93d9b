import type { ApiKeyStore, ClientRegistry, Clock, ScopeCatalogue, StoredApiKey } from '../ports.ts'
import { comparePlaces, formatCursor, type KeyPlace, parseCursor } from '../rules/key-order.ts'
import type { Policy } from '../rules/policy.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'
import type { CatalogueScopes } from '../rules/scope.ts'
import { type EndedKey, endedKey } from './ended-key.ts'
import { type ListedKey, listKey } from './list-api-keys.ts'
import { lastTouched } from './replaceable-key.ts'

/** Which of a person's devices. A condition that is absent holds for every device. */
export interface ListDevicesRequest {
  readonly owner: string
  /**
   * Words that the names of the device, of its program or of its key must contain, whatever their case.
   */
  readonly search?: string | undefined
  /** Only devices that were not used for so many milliseconds. */
  readonly unusedForMs?: number | undefined
  /** Only devices that were approved at this time or later, epoch milliseconds. */
  readonly approvedSince?: number | undefined
  /** The `next` of the page before. Absent for the first page. */
  readonly after?: string | undefined
  /** The `older` of an earlier list. Absent for the newest keys. */
  readonly from?: string | undefined
  /**
   * How many devices the page has at most.
   * @default 25
   */
  readonly limit?: number | undefined
  /** A further name of a client, which the search covers. */
  readonly nameOf?: ((clientId: string) => string | undefined) | undefined
}

/** One page of a person's devices, and what has ended. */
export interface DeviceList {
  /** Keys that work or wait for pick-up, the newest use first. */
  readonly devices: readonly ListedKey[]
  /** How many devices there are among the keys that this list looks at, whatever the conditions. */
  readonly total: number
  /** How many of them meet the conditions, on all pages. */
  readonly found: number
  /** Present if there is a next page. It stays valid while devices come, go and are used. */
  readonly next?: string | undefined
  /** The keys that ended within `keepEndedKeysMs`, the latest end first: 50 at most. */
  readonly ended: readonly EndedKey[]
  /** Present if the person has more keys than one list looks at. It continues with older approvals. */
  readonly older?: string | undefined
  /** The scopes that the operator knows. Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
  /** How long other processes may accept a key after its revocation, in milliseconds. */
  readonly revocationDelayMs: number
}

/**
 * Lists a person's devices by their last use. Stores keep keys by their approval, so it reads all keys of
 * the person, but 2 000 at most.
 * @throws {StoreError} if the keys could not be looked up
 */
export type ListDevices = (request: ListDevicesRequest) => Promise<DeviceList>

/** The ports of `ListDevices`. */
export interface ListDevicesDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly policy: Policy
  /** @default clients have no names */
  readonly clients?: ClientRegistry | undefined
  /** @default scopes have no descriptions */
  readonly scopes?: ScopeCatalogue | undefined
}

const PAGE = 25
const BATCH = 200
/** More keys of one person must not stall the process. */
const MAX_SEEN = 2_000
const MAX_ENDED = 50

/** Makes the use case that lists a person's devices by their last use. */
export const createListDevices =
  ({ apiKeys, clock, policy, clients, scopes }: ListDevicesDependencies): ListDevices =>
  async ({ owner, after, from, limit = PAGE, ...conditions }) => {
    const { keys: stored, older } = await readKeys(apiKeys, owner, from)
    const now = clock.now()
    const clientOf = clientsOf(clients)
    const named = async <K extends ListedKey | EndedKey>(key: K): Promise<K> => {
      const client = await clientOf(key.request.clientId)
      return client ? { ...key, client } : key
    }
    const live = await Promise.all(
      stored.flatMap((each) => listKey(each, { now, policy }) ?? []).map(named),
    )
    const found = live
      .filter((key) => meetsConditions(key, conditions, now))
      .toSorted((a, b) => comparePlaces(placeByUse(a), placeByUse(b)))
    const place = after === undefined ? undefined : parseCursor(after)
    const rest = place ? found.filter((key) => comparePlaces(placeByUse(key), place) > 0) : found
    const devices = rest.slice(0, limit)
    const last = devices.at(-1)
    const ended = stored
      .flatMap((each) => (isIssued(each) ? (endedKey(each, { now, policy }) ?? []) : []))
      .filter(({ endedAt = 0 }) => now - endedAt < policy.keepEndedKeysMs)
      .toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
      .slice(0, MAX_ENDED)
    return {
      devices,
      total: live.length,
      found: found.length,
      next: last && rest.length > devices.length ? formatCursor(placeByUse(last)) : undefined,
      ended: await Promise.all(ended.map(named)),
      older,
      revocationDelayMs: policy.keyCheckMaxAgeMs,
      ...(scopes && { catalogue: scopes.scopes() }),
    }
  }

/** A key that was only reserved did not connect a device. */
const isIssued = ({ key }: StoredApiKey): boolean => key.status !== 'reserved'

const readKeys = async (
  apiKeys: ApiKeyStore,
  owner: string,
  from: string | undefined,
): Promise<{ readonly keys: readonly StoredApiKey[]; readonly older?: string | undefined }> => {
  const keys: StoredApiKey[] = []
  let next = from
  do {
    const page = await apiKeys.find({ owner, after: next, limit: BATCH })
    keys.push(...page.keys)
    next = page.next
  } while (next !== undefined && keys.length < MAX_SEEN)
  return { keys, older: next }
}

/** Finds each client once. */
const clientsOf = (
  clients: ClientRegistry | undefined,
): ((clientId: string | undefined) => Promise<RegisteredClient | undefined>) => {
  const known = new Map<string, Promise<RegisteredClient | undefined>>()
  return async (clientId) => {
    if (clientId === undefined || !clients) return undefined
    const client = known.get(clientId) ?? clients.find(clientId)
    known.set(clientId, client)
    return client
  }
}

/** The place of a key in the order of last uses. */
const placeByUse = (key: ListedKey): KeyPlace => ({ id: key.id, approvedAt: lastTouched(key) })

const meetsConditions = (
  key: ListedKey,
  {
    search = '',
    unusedForMs,
    approvedSince,
    nameOf,
  }: Pick<ListDevicesRequest, 'search' | 'unusedForMs' | 'approvedSince' | 'nameOf'>,
  now: number,
): boolean => {
  if (unusedForMs !== undefined && now - lastTouched(key) < unusedForMs) return false
  if (approvedSince !== undefined && key.approvedAt < approvedSince) return false
  const words = foldCase(search)
    .split(/\s+/u)
    .filter((word) => word !== '')
  if (words.length === 0) return true
  const { clientId } = key.request
  const names = [
    key.deviceName,
    key.name,
    clientId,
    clientId === undefined ? undefined : nameOf?.(clientId),
    key.client?.name.text,
    ...Object.values(key.client?.name.translations ?? {}),
  ]
  const text = foldCase(names.filter((name) => name !== undefined).join('\n'))
  return words.every((word) => text.includes(word))
}

const foldCase = (text: string): string => text.normalize('NFKC').toLowerCase()
