import { readFile } from 'node:fs/promises'
import { type ClientRegistry, type ScopeCatalogue, TOKENS } from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { describeError } from '../describe-error.ts'
import { type Pause, repeatUntilStopped } from '../repeat.ts'
import { type ClientFileSettings, type ClientFiles, loadClientFiles } from './load-client-files.ts'

const RELOAD_EVERY_MS = 60_000
/** The greatest number of errors in a line of the log. */
const MAX_LOGGED_ERRORS = 20

/** The clients and scopes of the files at present. A file with a mistake changes nothing. */
export class CurrentClientFiles {
  readonly #settings: ClientFileSettings
  readonly #log: Logger
  #files: ClientFiles
  #reloaded: Promise<void> = Promise.resolve()

  private constructor(settings: ClientFileSettings, log: Logger, files: ClientFiles) {
    this.#settings = settings
    this.#log = log
    this.#files = files
  }

  /**
   * Reads the files for the first time. Without such settings there is nothing to read.
   * @throws {ConfigError} if a file has a mistake; it names all of them
   */
  static async load(
    settings: ClientFileSettings,
    log: Logger,
  ): Promise<CurrentClientFiles | undefined> {
    const { clientsFile, scopesFile } = settings
    if (clientsFile === undefined && scopesFile === undefined) return undefined
    const files = new CurrentClientFiles(settings, log, await loadClientFiles(settings))
    files.#logCounts('clients and scopes loaded')
    return files
  }

  /** Binds the registry if there is `CLIENTS_FILE`, and the catalogue if a file has scopes. */
  get bindings(): ContainerModule {
    const registry: ClientRegistry = {
      find: async (clientId) => this.#files.clients?.get(clientId),
    }
    const catalogue: ScopeCatalogue = { scopes: () => this.#files.scopes ?? new Map() }
    const { clients, scopes } = this.#files
    return new ContainerModule((options) => {
      if (clients) bind(options, TOKENS.ClientRegistry).toConstantValue(registry)
      if (scopes) bind(options, TOKENS.ScopeCatalogue).toConstantValue(catalogue)
    })
  }

  /**
   * Reads the files again, and uses them if they have no mistake. It logs a change, and every mistake.
   * It never throws, and calls at once run one after another.
   */
  reload(): Promise<void> {
    this.#reloaded = this.#reloaded.then(() => this.#reload())
    return this.#reloaded
  }

  /** Reloads the files every minute until the signal is aborted. */
  async reloadRegularly(signal: AbortSignal, pause: Pause): Promise<void> {
    await pause(RELOAD_EVERY_MS, signal)
    await repeatUntilStopped(() => this.reload(), RELOAD_EVERY_MS, {
      signal,
      pause,
      onError: () => {},
    })
  }

  async #reload(): Promise<void> {
    try {
      if (await this.#isUnchanged()) return
      const files = await loadClientFiles(this.#settings)
      if ((files.scopes === undefined) !== (this.#files.scopes === undefined)) {
        throw new ConfigError(['scopes as a whole can only come or go when the server starts'])
      }
      this.#files = files
      this.#logCounts('clients and scopes loaded again')
    } catch (error) {
      this.#logFailure(error)
    }
  }

  /** Whether every file that was read last time has the same bytes. */
  async #isUnchanged(): Promise<boolean> {
    for (const [path, bytes] of this.#files.sources) {
      const present = await readFile(path).catch(() => undefined)
      if (!present?.equals(bytes)) return false
    }
    return true
  }

  #logCounts(text: string): void {
    const { clients, scopes } = this.#files
    this.#log.info({ clients: clients?.size, scopes: scopes?.size }, text)
  }

  #logFailure(error: unknown): void {
    const details =
      error instanceof ConfigError
        ? {
            errors: error.errors.slice(0, MAX_LOGGED_ERRORS),
            leftOut: Math.max(0, error.errors.length - MAX_LOGGED_ERRORS),
          }
        : describeError(error, this.#log)
    this.#log.error(details, 'CLIENTS_FILE or SCOPES_FILE is invalid, so the former content stays')
  }
}
