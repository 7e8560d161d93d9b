import type { Logger } from 'pino'
import type { WebhookSettings } from './audit/webhook-settings.ts'
import { ConfigError, readConfig, type Settings, type StoreUrlChecks } from './config.ts'
import type { Variables } from './environment.ts'
import { readSecretFiles, SECRET_VARIABLES } from './secret-files.ts'

/** Secrets whose change needs new connections, and so a restart. */
const OF_STORES: readonly string[] = ['REDIS_URL', 'MONGODB_URI']

/** The secrets at present. Those in files can be read again. */
export class CurrentSecrets {
  readonly #checks: StoreUrlChecks
  /** The variables, with the text of each secret that is in a file in the place of the file. */
  #variables: Variables
  /** The secrets of the start. The stores use the URLs among them until a restart. */
  readonly #atStart: Variables
  #settings: Pick<Settings, 'sessionSecrets' | 'signIn' | 'webhook'>
  /** The file of each secret that is in one, by the name of its variable. */
  readonly #files: Readonly<Record<string, string>>

  /**
   * @param settings those that `variables` gave at the start
   * @param variables the environment, with the names of files
   */
  constructor(settings: Settings, variables: Variables, checks: StoreUrlChecks = {}) {
    this.#settings = settings
    this.#checks = checks
    const inFiles = SECRET_VARIABLES.map((name) => [name, variables[`${name}_FILE`]?.trim()])
    this.#files = Object.fromEntries(inFiles.filter(([, path]) => path))
    const { secrets } = readSecretFiles(variables)
    this.#atStart = secrets
    this.#variables = { ...variables, ...secrets, ...this.#withoutFiles() }
  }

  /** Whether a secret is in a file. */
  get areInFiles(): boolean {
    return Object.keys(this.#files).length > 0
  }

  /** The first one signs. The list is the same until the secrets change. */
  readonly sessionSecrets = (): Settings['sessionSecrets'] => this.#settings.sessionSecrets

  /** The client secret at the OpenID provider, which only `SIGN_IN=oidc` has. */
  readonly oidcClientSecret = (): string => {
    const { signIn } = this.#settings
    return signIn.kind === 'oidc' ? signIn.clientSecret : ''
  }

  readonly webhook = (): WebhookSettings | undefined => this.#settings.webhook

  /**
   * Reads every file again. A file with a mistake changes nothing. Each change and each mistake is a line
   * of the log.
   */
  reload(log: Logger): void {
    for (const name of Object.keys(this.#files)) this.#reloadOne(name, log)
  }

  #reloadOne(name: string, log: Logger): void {
    const variable = `${name}_FILE`
    const file = { [variable]: this.#files[name] }
    const { secrets, errors } = readSecretFiles(file)
    if (errors.length === 0 && secrets[name] === this.#variables[name]) return
    const variables = { ...this.#variables, ...secrets }
    try {
      if (errors.length > 0) throw new ConfigError(errors)
      // The other secrets are those in force, so every mistake is one of this file.
      const settings = readConfig(variables, this.#checks)
      this.#variables = variables
      if (OF_STORES.includes(name)) {
        if (secrets[name] === this.#atStart[name]) return
        return log.warn(
          { variable },
          'the URL of a store has changed: restart the server to use it',
        )
      }
      // Another secret may be random, so that only one may change.
      if (name === 'SESSION_SECRET') {
        const { sessionSecrets } = settings
        this.#settings = { ...this.#settings, sessionSecrets }
      } else {
        const { signIn, webhook } = settings
        this.#settings = { ...this.#settings, signIn, webhook }
      }
      log.info({ variable }, 'secret loaded again')
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      log.error(
        { variable, errors: error.errors },
        'a file of a secret is invalid, so the former secret stays',
      )
    }
  }

  #withoutFiles(): Variables {
    return Object.fromEntries(Object.keys(this.#files).map((name) => [`${name}_FILE`, undefined]))
  }
}
