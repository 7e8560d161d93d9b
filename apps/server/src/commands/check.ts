import { existsSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ServerFinding } from '@device-grant/adapter-redis'
import { otherIssuer } from '../check-issuer.ts'
import { ConfigError, type Settings } from '../config.ts'
import { describeError } from '../describe-error.ts'
import { readSettings } from '../read-settings.ts'
import { type Command, EXIT } from './command.ts'
import { formatTable } from './format-table.ts'
import { readFlags } from './read-flags.ts'

/** How long one command of a store may take, in milliseconds. A check may wait longer than a request. */
const TIMEOUT_MS = 5_000

/** What the check has found about one part. Only an `error` makes it fail. */
interface Finding {
  readonly level: 'ok' | ServerFinding['level']
  readonly part: string
  readonly text: string
}

/** Looks at everything that the server would find at its start. */
export const check: Command = {
  name: 'check',
  flags: '[--json]',
  meaning: 'tells what the server would find at its start; like it, creates missing indexes',
  run: async (args, io) => {
    const { json } = readFlags(args, { json: 'switch' })
    const settings = await readSettings(io.env)
    const parts = [checkSecret, checkFolder, checkRedis, checkMongo, checkSignIn]
    const findings = [
      ok('settings', `valid, for ${settings.publicUrl}`),
      ...(await Promise.all(parts.map((part) => part(settings)))).flat(),
    ]
    const isOk = findings.every(({ level }) => level !== 'error')
    io.out(
      json
        ? `${JSON.stringify({ ok: isOk, findings })}\n`
        : formatTable(findings.map(({ level, part, text }) => [level, part, text])),
    )
    return isOk ? EXIT.done : EXIT.failed
  },
}

const ok = (part: string, text: string): Finding => ({ level: 'ok', part, text })

/** The findings of `look`, or its error as one. */
const findingsOf = async (
  part: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await look()
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.errors.map((text) => ({ level: 'error', part, text }))
    }
    const { message, cause } = describeError(error)
    return [{ level: 'error', part, text: [message, cause].filter(Boolean).join(': ') }]
  }
}

const checkSecret = async ({
  sessionSecretIsRandom,
  dataDir,
}: Settings): Promise<readonly Finding[]> => {
  const part = 'settings'
  if (!sessionSecretIsRandom) return []
  if (dataDir === undefined) {
    const text = 'SESSION_SECRET is not set, so people are signed out when the server ends'
    return [{ level: 'warning', part, text }]
  }
  const { readSessionSecret } = await import('../data-folder/session-secret.ts')
  return findingsOf(part, async () => {
    await readSessionSecret(resolve(dataDir))
    return []
  })
}

const checkFolder = async (settings: Settings): Promise<readonly Finding[]> => {
  const { dataDir } = settings
  if (dataDir === undefined) return []
  const part = 'folder'
  const path = resolve(dataDir)
  const { hasData, openFolder, probeFolder } = await import('../data-folder/data-folder.ts')
  // Only the server creates the folder, because the check may run as another user.
  if (!hasData(path)) return findingsOf(part, async () => [await newFolder(path)])
  return findingsOf(part, async () => {
    const environment = openFolder(path)
    try {
      await probeFolder(environment)
      return [ok(part, `${path} is read and written`)]
    } finally {
      await environment.close()
    }
  })
}

/** Whether a folder can be created, or can get its first data. */
const newFolder = async (path: string): Promise<Finding> => {
  const part = 'folder'
  const there = nearestThatExists(path)
  if (!(await stat(there)).isDirectory()) {
    return { level: 'error', part, text: `${path} cannot be created, because ${there} is a file` }
  }
  try {
    await access(there, constants.W_OK | constants.X_OK)
    return ok(part, `${path} has no data yet`)
  } catch {
    const text = `${path} has no data yet, and this user cannot write to ${there}`
    return { level: 'warning', part, text }
  }
}

const nearestThatExists = (path: string): string =>
  existsSync(path) ? path : nearestThatExists(dirname(path))

const checkRedis = async ({ redisUrl, ...settings }: Settings): Promise<readonly Finding[]> => {
  const part = 'redis'
  if (redisUrl === undefined) return elsewhere(part, { what: 'codes', ...settings })
  const { isSmallOffset, probeRedis } = await import('../redis.ts')
  const { checkServer, clockOffset, connect, disconnect } = await import(
    '@device-grant/adapter-redis'
  )
  const redis = connect(redisUrl, { commandTimeoutMs: TIMEOUT_MS })
  try {
    return await findingsOf(part, async () => {
      const { version = 'of an unknown version', findings } = await checkServer(redis, TIMEOUT_MS)
      const found = findings.map((finding) => ({ ...finding, part }))
      const offsetMs = await clockOffset(redis, { now: Date.now }, TIMEOUT_MS)
      const clock: Finding = {
        level: isSmallOffset(offsetMs) ? 'ok' : 'warning',
        part: 'clock',
        text: `differs from the clock of Redis by ${offsetMs} ms`,
      }
      const written = await findingsOf(part, async () => {
        await probeRedis(redis, TIMEOUT_MS)
        return [ok(part, `Redis ${version} reads and writes`)]
      })
      return [...written, ...found, clock]
    })
  } finally {
    await disconnect(redis)
  }
}

const checkMongo = async ({ mongodbUri, ...settings }: Settings): Promise<readonly Finding[]> => {
  const part = 'mongodb'
  if (mongodbUri === undefined) return elsewhere(part, { what: 'API keys', ...settings })
  const { probeMongo } = await import('../mongo.ts')
  const { connect, ensureIndexes } = await import('@device-grant/adapter-mongo')
  const db = connect(mongodbUri)
  try {
    return await findingsOf(part, async () => {
      await probeMongo(db, TIMEOUT_MS)
      const indexes = await findingsOf('indexes', async () => {
        await ensureIndexes(db)
        return [ok('indexes', 'all exist')]
      })
      return [ok(part, 'reads and writes'), ...indexes]
    })
  } finally {
    await db.client.close()
  }
}

/** The finding of a store that the settings do not name. */
const elsewhere = (
  part: 'redis' | 'mongodb',
  {
    what,
    dataDir,
    ...urls
  }: { readonly what: string } & Pick<Settings, 'dataDir' | 'redisUrl' | 'mongodbUri'>,
): readonly Finding[] => {
  const variable = part === 'redis' ? 'REDIS_URL' : 'MONGODB_URI'
  const isAlone = urls.redisUrl === undefined && urls.mongodbUri === undefined
  if (dataDir === undefined) {
    const text = `${variable} is not set, so the ${what} are lost when the server ends`
    return [{ level: 'warning', part, text }]
  }
  if (isAlone) return []
  const text = `${variable} is not set, so the ${what} are kept on this machine alone`
  return [{ level: 'warning', part, text }]
}

const checkSignIn = async ({ signIn }: Settings): Promise<readonly Finding[]> => {
  const part = 'sign-in'
  if (signIn.kind !== 'oidc') return [ok(part, signIn.kind)]
  return findingsOf(part, async () => {
    const named = await otherIssuer(signIn.issuer)
    return named === undefined
      ? [ok(part, `OpenID provider ${signIn.issuer}`)]
      : [
          {
            level: 'error',
            part,
            text: `OIDC_ISSUER is ${signIn.issuer}, but the OpenID provider names ${named}`,
          },
        ]
  })
}
