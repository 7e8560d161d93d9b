import { timingSafeEqual } from 'node:crypto'
import { parseApiKey } from '@device-grant/core'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { describeError } from '../describe-error.ts'
import { type AdminToken, adminTokenHash, readAdminTokens } from './read-admin-tokens.ts'

/** The tokens of `ADMIN_TOKENS_FILE` at present. */
export class AdminTokens {
  readonly #path: string
  #tokens: readonly AdminToken[]
  #reloaded: Promise<void> = Promise.resolve()

  private constructor(path: string, tokens: readonly AdminToken[]) {
    this.#path = path
    this.#tokens = tokens
  }

  /**
   * Reads the file for the first time.
   * @throws {ConfigError} if it has a mistake
   */
  static async load(path: string): Promise<AdminTokens> {
    return new AdminTokens(path, await readAdminTokens(path))
  }

  /**
   * Reads the file again, and uses it if it has no mistake. It never throws, and calls at once run one
   * after another, so that the last content stays.
   */
  reload(log: Logger): Promise<void> {
    this.#reloaded = this.#reloaded.then(() => this.#reload(log))
    return this.#reloaded
  }

  /**
   * The name of a token, or `undefined` if it is none. Every hash is compared, each in constant time. An
   * API key never counts, even if the file has its hash.
   */
  nameOf(token: string): string | undefined {
    if (parseApiKey(token) !== undefined) return undefined
    const hash = Buffer.from(adminTokenHash(token))
    const found = this.#tokens.filter(({ hash: kept }) => timingSafeEqual(Buffer.from(kept), hash))
    return found[0]?.name
  }

  async #reload(log: Logger): Promise<void> {
    try {
      this.#tokens = await readAdminTokens(this.#path)
      log.info({ tokens: this.#tokens.length }, 'admin tokens loaded again')
    } catch (error) {
      const details =
        error instanceof ConfigError ? { errors: error.errors } : describeError(error, log)
      log.error(details, 'ADMIN_TOKENS_FILE is invalid, so the former tokens stay')
    }
  }
}
