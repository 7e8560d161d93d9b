import type { FindKeysRequest, FoundKey, RevokeKeysRequest } from '@device-grant/core'
import { parseCursor } from '@device-grant/core'
import { foundKeyJson, KEY_STATUSES } from '../found-key-json.ts'
import { type Command, type CommandIo, EXIT, type ExitStatus, UsageError } from './command.ts'
import { formatTable } from './format-table.ts'
import { type Flags, readFlags } from './read-flags.ts'
import { readKey } from './read-key.ts'
import { withOperator } from './with-operator.ts'

const WHICH = { owner: 'text', client: 'text', id: 'text', key: 'switch' } as const

type Which = Flags<typeof WHICH>

const MAX_LIMIT = 1_000

/** Lists the keys that meet every condition. */
export const keysList: Command = {
  name: 'keys list',
  flags: '[--owner X] [--client X] [--id X] [--key] [--status S] [--limit N] [--after C] [--json]',
  meaning: 'lists API keys, the newest approval first',
  run: async (args, io) => {
    const kinds = {
      ...WHICH,
      status: 'text',
      limit: 'text',
      after: 'text',
      json: 'switch',
    } as const
    const { status, limit, after, json, ...which } = readFlags(args, kinds)
    const page = { status: readStatus(status), limit: readLimit(limit), after: readAfter(after) }
    const request = { ...(await conditionsOf(which, io)), ...page }
    const { keys, next } = await withOperator(io, (operator) => operator.findApiKeys(request))
    if (json) io.out(`${JSON.stringify({ keys: keys.map(foundKeyJson), next })}\n`)
    else {
      if (keys.length > 0) io.out(formatTable([HEAD, ...keys.map(rowOf)]))
      if (keys.length === 0 && next === undefined) io.err('No keys\n')
      if (next !== undefined) io.err(`There may be more keys: add --after ${next}\n`)
    }
    return EXIT.done
  },
}

/** Shows everything about one key. */
export const keysShow: Command = {
  name: 'keys show',
  flags: '--id X | --key [--json]',
  meaning: 'shows one API key',
  run: async (args, io) => {
    const { json, ...which } = readFlags(args, { id: 'text', key: 'switch', json: 'switch' })
    requireOne(which, ['id', 'key'])
    const request = await conditionsOf(which, io)
    const { keys } = await withOperator(io, (operator) => operator.findApiKeys(request))
    const [key] = keys
    if (key === undefined) return noSuchKey(io)
    io.out(json ? `${JSON.stringify(foundKeyJson(key))}\n` : formatTable(linesOf(key)))
    return EXIT.done
  },
}

/** Revokes one key, or all keys of a person or client. */
export const keysRevoke: Command = {
  name: 'keys revoke',
  flags: '--owner X | --client X | --id X | --key [--json]',
  meaning: 'revokes API keys; approvals of that person or client up to now give no key any more',
  run: async (args, io) => {
    const { json, ...which } = readFlags(args, { ...WHICH, json: 'switch' })
    requireOne(which, ['owner', 'client', 'id', 'key'])
    const revoked = await revoke(which, io)
    if (revoked === undefined) return noSuchKey(io)
    io.out(json ? `${JSON.stringify({ revoked })}\n` : `Revoked ${countOf(revoked)}\n`)
    return EXIT.done
  },
}

/** Removes the data of a person's keys. */
export const keysErase: Command = {
  name: 'keys erase',
  flags: '--owner X [--json]',
  meaning: 'revokes all API keys of a person and removes their data for good',
  run: async (args, io) => {
    const { json, owner } = readFlags(args, { owner: 'text', json: 'switch' })
    if (owner === undefined) throw new UsageError('keys erase needs --owner')
    const erased = await withOperator(io, (operator) => operator.eraseApiKeys({ owner }))
    io.out(json ? `${JSON.stringify({ erased })}\n` : `Erased ${countOf(erased)}\n`)
    return EXIT.done
  },
}

const countOf = (count: number): string => (count === 1 ? '1 key' : `${count} keys`)

const noSuchKey = ({ err }: CommandIo): ExitStatus => {
  err('There is no such key\n')
  return EXIT.noSuchKey
}

/** @throws {UsageError} unless exactly one of the flags is there */
const requireOne = (which: Which, names: readonly (keyof Which)[]): void => {
  const given = names.filter((name) => which[name] !== undefined)
  if (given.length === 1) return
  const flags = names.map((name) => `--${name}`).join(', ')
  throw new UsageError(`This command needs one of ${flags}, and only one`)
}

const conditionsOf = async (
  { owner, client, id, key }: Which,
  io: CommandIo,
): Promise<FindKeysRequest> => ({
  owner,
  clientId: client,
  keyId: id,
  apiKey: key && (await readKey(io)),
})

/** Returns how many keys were revoked, or `undefined` if there is no such key. */
const revoke = async (which: Which, io: CommandIo): Promise<number | undefined> => {
  const { owner, client, id: keyId } = which
  if (which.key) {
    const apiKey = await readKey(io)
    const revocation = await withOperator(io, (operator) =>
      operator.revokeLeakedKey({ apiKey, by: 'operator' }),
    )
    if (revocation === 'no_such_key') return undefined
    return revocation === 'revoked' ? 1 : 0
  }
  return withOperator(io, async ({ findApiKeys, revokeApiKeys }) => {
    const isKnown = keyId === undefined || (await findApiKeys({ keyId })).keys.length > 0
    return isKnown ? revokeApiKeys(requestOf({ owner, clientId: client, keyId })) : undefined
  })
}

const requestOf = ({
  owner,
  clientId,
  keyId = '',
}: {
  readonly owner: string | undefined
  readonly clientId: string | undefined
  readonly keyId: string | undefined
}): RevokeKeysRequest =>
  owner !== undefined ? { owner } : clientId !== undefined ? { clientId } : { keyId }

const readStatus = (text: string | undefined): FoundKey['status'] | undefined => {
  const status = KEY_STATUSES.find((known) => known === text)
  if (text !== undefined && status === undefined) {
    throw new UsageError(`--status must be one of ${KEY_STATUSES.join(', ')}`)
  }
  return status
}

const readLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new UsageError(`--limit must be a whole number from 1 to ${MAX_LIMIT}`)
}

const readAfter = (text: string | undefined): string | undefined => {
  if (text === undefined || parseCursor(text)) return text
  throw new UsageError('--after must be what an earlier list printed')
}

const HEAD = ['ID', 'STATUS', 'OWNER', 'CLIENT', 'DEVICE', 'APPROVED', 'LAST USED', 'ENDS']

const rowOf = (key: FoundKey): readonly string[] => {
  const { id, status, owner, client_id, device_name, ...times } = foundKeyJson(key)
  const { approved_at, last_used_at, expires_at, revoked_at } = times
  const shown = [client_id, device_name, approved_at, last_used_at, revoked_at ?? expires_at]
  return [id, status, owner, ...shown.map((text) => text ?? '-')]
}

const linesOf = (key: FoundKey): readonly (readonly string[])[] =>
  Object.entries(foundKeyJson(key)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
