import { StoreUnavailableError } from '@device-grant/core'
import type { MongoClient } from 'mongodb'

/** How long a command may take by default, in milliseconds. */
export const COMMAND_TIMEOUT_MS = 2_500

/**
 * Runs one command, and makes every error of the driver one of the port. The message names no host
 * and nothing of the connection string. The cause may.
 * @throws {StoreUnavailableError} if it failed or took longer than `timeoutMs` milliseconds; a write
 * may or may not have happened
 */
export const command = async <T>(
  client: MongoClient,
  timeoutMs: number,
  run: () => Promise<T>,
): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = undefined
      reject(new StoreUnavailableError(`MongoDB did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  // Do not start the command if connecting used up the time.
  const answer = open(client).then(() => (timer === undefined ? tooLate : run()))
  try {
    return await Promise.race([answer, tooLate])
  } catch (error) {
    throw error instanceof StoreUnavailableError ? error : unavailable(error)
  } finally {
    clearTimeout(timer)
  }
}

const opened = new WeakSet<MongoClient>()

/**
 * Connects a client once. A client whose first implicit connection fails keeps a closed topology and
 * refuses every later command, but an explicit `connect` may be retried.
 */
const open = async (client: MongoClient): Promise<void> => {
  if (opened.has(client)) return
  await client.connect()
  opened.add(client)
}

const unavailable = (cause: unknown): StoreUnavailableError => {
  const { name, code } = describe(cause)
  const description = code === undefined ? name : `${name}, ${code}`
  return new StoreUnavailableError(`A MongoDB command failed (${description})`, { cause })
}

const describe = (error: unknown): { readonly name: string; readonly code?: string | number } => {
  if (!(error instanceof Error)) return { name: 'unknown' }
  for (const member of ['codeName', 'code'] as const) {
    const code: unknown = Reflect.get(error, member)
    if (typeof code === 'string' || typeof code === 'number') return { name: error.name, code }
  }
  return { name: error.name }
}
