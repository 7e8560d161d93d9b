import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { CatalogueScopes, RegisteredClient } from '@device-grant/core'
import { ConfigError, type Settings } from '../config.ts'
import { duplicateMembers } from './duplicate-members.ts'
import { type JsonMembers, JsonPlace, type Report } from './json-place.ts'
import { readLogo } from './logo.ts'
import { JsonError, parseJson } from './parse-json.ts'
import { type ReadClient, readClient } from './read-client.ts'
import { readScopes } from './read-scopes.ts'

/** The content of `CLIENTS_FILE` and `SCOPES_FILE`. */
export interface ClientFiles {
  /** The clients by id. Absent without `CLIENTS_FILE`. */
  readonly clients: ReadonlyMap<string, RegisteredClient> | undefined
  /** Absent if neither file has scopes. */
  readonly scopes: CatalogueScopes | undefined
  /** The bytes of every file that was read, by path. */
  readonly sources: ReadonlyMap<string, Uint8Array>
}

/** The settings that name the files and limit their content. */
export type ClientFileSettings = Pick<Settings, 'clientsFile' | 'scopesFile' | 'policy'>

/**
 * Reads both files, and the logos that they name.
 * @throws {ConfigError} if a file cannot be read or has a mistake; it names all mistakes
 */
export const loadClientFiles = async (settings: ClientFileSettings): Promise<ClientFiles> => {
  const { clientsFile, scopesFile, policy } = settings
  const errors: string[] = []
  const sources = new Map<string, Uint8Array>()
  const reportOf =
    (variable: string): Report =>
    (mistake) =>
      errors.push(`${variable}: ${mistake}`)
  const open = (path: string | undefined, report: Report) =>
    path === undefined ? undefined : openDocument(path, sources, report)
  const [clientsDocument, scopesDocument] = await Promise.all([
    open(clientsFile, reportOf('CLIENTS_FILE')),
    open(scopesFile, reportOf('SCOPES_FILE')),
  ])
  const rules = {
    catalogue: readCatalogue(clientsDocument, scopesDocument),
    maxKeyLifetime: policy.maxKeyLifetimeMs / 1000,
    places: new Map(),
  }
  const read = clientsDocument
    ?.takeRequired('clients')
    ?.entries()
    .flatMap((entry) => readClient(entry, rules) ?? [])
  clientsDocument?.refuseOthers()
  scopesDocument?.refuseOthers()
  const clients = read && (await addLogos(read, dirname(clientsFile ?? ''), sources))
  if (errors.length > 0) throw new ConfigError(errors)
  return { clients, scopes: rules.catalogue, sources }
}

/** Reads the members of a file. */
const openDocument = async (
  path: string,
  sources: Map<string, Uint8Array>,
  report: Report,
): Promise<JsonMembers | undefined> => {
  try {
    const bytes = await readFile(path)
    sources.set(path, bytes)
    const { text, value } = parseJson(bytes)
    for (const member of duplicateMembers(text)) report(`${member} is there twice`)
    const members = new JsonPlace(value, '', report).members()
    members?.take('$schema')?.text()
    return members
  } catch (error) {
    report(error instanceof JsonError ? error.message : cannotBeRead(error))
    return undefined
  }
}

const cannotBeRead = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return `cannot be read (${code})`
}

const readCatalogue = (
  clientsDocument: JsonMembers | undefined,
  scopesDocument: JsonMembers | undefined,
): CatalogueScopes | undefined => {
  const besideClients = clientsDocument?.take('scopes')
  const alone = scopesDocument?.takeRequired('scopes')
  if (besideClients && alone) besideClients.refuse('is also in SCOPES_FILE: keep one of them')
  const place = besideClients ?? alone
  return place && readScopes(place)
}

/** Reads each logo once, however many clients have it. */
const addLogos = async (
  clients: readonly ReadClient[],
  folder: string,
  sources: Map<string, Uint8Array>,
): Promise<ReadonlyMap<string, RegisteredClient>> => {
  const byId = new Map<string, RegisteredClient>()
  for (const { client, logo } of clients) {
    byId.set(client.clientId, client)
    if (!logo) continue
    const path = resolve(folder, logo.file)
    try {
      const body = sources.get(path) ?? (await readFile(path))
      sources.set(path, body)
      const read = readLogo(path, body)
      if (typeof read === 'string') logo.place.refuse(read)
      else byId.set(client.clientId, { ...client, logo: read })
    } catch (error) {
      logo.place.refuse(cannotBeRead(error))
    }
  }
  return byId
}
