import { type ApiKeyStore, type StateStore, TOKENS, type UseCases } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { TestClock } from '@device-grant/test-support/clock'
import { freePort } from '@device-grant/test-support/free-port'
import { readConfig, type Settings } from '#src/config.js'
import { logTo } from '#src/log.js'
import { type RunningServer, type ServerOptions, startServer } from '#src/start-server.js'
import { storeSettings } from './stores-of-tests.ts'

/** A server that runs in this process. */
export interface TestServer {
  readonly server: RunningServer
  /** Its origin, without a trailing slash. */
  readonly url: string
  readonly clock: TestClock
  readonly useCases: UseCases
  readonly settings: Settings
  /** Every line it has logged so far. */
  readonly log: string[]
  /** The contents of its memory stores, as one text. */
  dump(): string
  stop(): Promise<void>
}

/**
 * Runs the server in this process, on a free port of loopback and on memory stores, with a clock that
 * stands still. `X-Forwarded-User` signs people in unless `env` says otherwise.
 */
export const startTestServer = async (
  env: Readonly<Record<string, string>> = {},
  options: Pick<ServerOptions, 'githubKeysUrl' | 'pause'> = {},
): Promise<TestServer> => {
  const clock = new TestClock()
  const log: string[] = []
  const port = await freePort()
  const variables = {
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    AUTHORIZE_LIMIT: '0',
    STORES: 'memory',
    LOG_LEVEL: 'trace',
    ...(await storeSettings()),
    ...env,
  }
  const settings = readConfig(variables)
  const server = await startServer(settings, {
    ...options,
    variables,
    clock,
    log: logTo({ write: (line: string) => log.push(line) }, settings.logLevel),
  })
  const { container } = server
  return {
    server,
    url: `http://127.0.0.1:${settings.port}`,
    clock,
    useCases: get(container, TOKENS.AllUseCases),
    settings,
    log,
    dump: () => {
      const stores = [
        TOKENS.DeviceGrants,
        TOKENS.UserCodeClaims,
        TOKENS.CodeAttempts,
        TOKENS.ApiKeys,
        TOKENS.CutOffs,
        TOKENS.UsedAssertions,
      ]
      return JSON.stringify(
        stores.map((name) => {
          const store = container.get<StateStore<never> | ApiKeyStore>(name)
          return 'entries' in store
            ? [...(store.entries as () => Iterable<unknown>).call(store)]
            : []
        }),
      )
    },
    stop: () => server.stop(),
  }
}
