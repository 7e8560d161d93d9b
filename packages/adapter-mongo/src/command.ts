import { StoreUnavailableError } from '@device-grant/core'
import type { MongoClient } from 'mongodb'

/** How long a command may take, milliseconds. */
export const COMMAND_TIMEOUT_MS = 2_500

/**
 * Runs one command, and waits so long for its answer. Whatever the driver throws comes out as one
 * kind of error; its message names no host and nothing of the connection string, its cause may.
 * @throws {StoreUnavailableError} a write may or may not have happened
 */
export const command = async <T>(
  client: MongoClient,
  timeoutMs: number,
  run: () => Promise<T>,
): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      timer = undefined
      fail(new StoreUnavailableError(`MongoDB did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  // Nobody waits any more when connecting took too long: then it is not begun at all.
  const begun = open(client).then(() => (timer === undefined ? tooLate : run()))
  try {
    return await Promise.race([begun, tooLate])
  } catch (fault) {
    throw fault instanceof StoreUnavailableError ? fault : unavailable(fault)
  } finally {
    clearTimeout(timer)
  }
}

const opened = new WeakSet<MongoClient>()

/**
 * A client whose very first connection fails by itself is left with a closed topology, and refuses
 * every later command; one that is told to connect begins anew. After that it reconnects alone.
 */
const open = async (client: MongoClient): Promise<void> => {
  if (opened.has(client)) return
  await client.connect()
  opened.add(client)
}

const unavailable = (cause: unknown): StoreUnavailableError => {
  const { name, code } = described(cause)
  const which = code === undefined ? name : `${name}, ${code}`
  return new StoreUnavailableError(`MongoDB could not do it (${which})`, { cause })
}

const described = (fault: unknown): { readonly name: string; readonly code?: string | number } => {
  if (!(fault instanceof Error)) return { name: 'unknown' }
  for (const member of ['codeName', 'code'] as const) {
    const code: unknown = Reflect.get(fault, member)
    if (typeof code === 'string' || typeof code === 'number') return { name: fault.name, code }
  }
  return { name: fault.name }
}
