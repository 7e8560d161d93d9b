import type { AddressInfo } from 'node:net'
import { type Clock, TOKENS } from '@device-grant/core'
import {
  bind,
  coreModule,
  get,
  memoryApiKeysModule,
  memoryStateModule,
  operatorModule,
} from '@device-grant/core/inversify'
import { HTTP_TOKENS, httpModule } from '@device-grant/http-koa/inversify'
import { Container } from 'inversify'
import type { Logger } from 'pino'
import { adminModule } from './admin/admin-module.ts'
import { createApp } from './app.ts'
import { attributeErrors } from './attribute-errors.ts'
import { createAudit } from './audit/audit.ts'
import { brandedPages } from './brand/branded-pages.ts'
import { checkIssuer } from './check-issuer.ts'
import { createClientIdentification } from './client-identification.ts'
import { CurrentClientFiles } from './clients/current-client-files.ts'
import type { Settings } from './config.ts'
import { CurrentSecrets } from './current-secrets.ts'
import { keptSessionSecret } from './data-folder/session-secret.ts'
import { effectiveSettings } from './effective-settings.ts'
import type { Variables } from './environment.ts'
import { gatherRequests } from './gather-requests.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'
import { createIntrospection } from './introspection/create-introspection.ts'
import { logErrors } from './log-errors.ts'
import { LoggedCounts } from './logged-counts.ts'
import { closeAll } from './remote-store.ts'
import { type Pause, pauseInRealTime } from './repeat.ts'
import { maxSignInAge } from './safeguard-settings.ts'
import { linkedCodesOf, safeguardsModule } from './safeguards-module.ts'
import { secretScanningModule } from './secret-scanning/secret-scanning-module.ts'
import { createSignIn } from './sign-in.ts'
import { loadStoreUrlChecks } from './store-url-checks.ts'
import { contextOf, enter } from './telemetry/request-context.ts'
import { addTelemetry } from './telemetry/telemetry.ts'
import { createThrottle } from './throttle.ts'
import { VERSION } from './version.ts'

/** A server that takes requests. */
export interface RunningServer {
  readonly address: AddressInfo
  /** Holds every part of the server, for tests that look inside. */
  readonly container: Container
  /**
   * Reads `CLIENTS_FILE`, `SCOPES_FILE`, `ADMIN_TOKENS_FILE` and every secret in a file again. Absent
   * without such files.
   */
  readonly reload: (() => Promise<void>) | undefined
  /**
   * Ends `/readyz`, waits for the delay of the settings, and takes no more requests. It waits up to 10 s
   * for those in progress, and closes the stores. Further calls wait for the first one.
   */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly log: Logger
  /**
   * The environment of the settings, which names the files of secrets.
   * @default {}
   */
  readonly variables?: Variables | undefined
  /** @default the system's clock */
  readonly clock?: Clock | undefined
  /** @default a pause in real time */
  readonly pause?: Pause | undefined
  /**
   * Where the public keys of GitHub's secret scanning are.
   * @default GITHUB_KEYS_URL
   */
  readonly githubKeysUrl?: string | undefined
}

const LOG_COUNTS_EVERY_MS = 60_000

/**
 * Composes the server from its settings and listens.
 * @throws {ConfigError} if a file that the settings name has a mistake, or the folder of the data cannot be
 * used
 * @throws an error of `node:net`, such as `EADDRINUSE`, if it cannot listen
 */
export const startServer = async (
  settings: Settings,
  options: ServerOptions,
): Promise<RunningServer> => {
  const { log, variables = {}, clock = { now: Date.now }, pause = pauseInRealTime } = options
  const { publicUrl, dataDir, redisUrl, mongodbUri } = settings
  const clientFiles = await CurrentClientFiles.load(settings, log)
  const pages = await brandedPages(settings.brand, log)
  const modules = [
    ...(await adminModule(settings)),
    ...secretScanningModule(settings, options.githubKeysUrl),
  ]
  // A driver is large, so an unused one is not loaded.
  const folder =
    dataDir === undefined
      ? undefined
      : (await import('./data-folder/data-folder.ts')).openDataFolder(dataDir, settings, {
          log,
          clock,
        })
  const sessionSecrets =
    dataDir !== undefined && settings.sessionSecretIsRandom
      ? ([await keptSessionSecret(dataDir)] as const)
      : settings.sessionSecrets
  const secrets = new CurrentSecrets(
    { ...settings, sessionSecrets },
    variables,
    await loadStoreUrlChecks(variables),
  )
  const stopping = new AbortController()
  const onError = logErrors(log, clock)
  const polls = new LoggedCounts(log, 'info', 'polls counted')
  const refusals = new LoggedCounts(log, 'warn', 'new codes refused by the limit')
  const clientRefusals = new LoggedCounts(log, 'warn', 'clients refused')
  const counts = [polls, refusals, clientRefusals]
  const audit = createAudit(secrets.webhook, { log, clock, pause })
  const redis =
    redisUrl === undefined
      ? undefined
      : (await import('./redis.ts')).connectRedis(redisUrl, { log, clock })
  const mongo =
    mongodbUri === undefined
      ? undefined
      : (await import('./mongo.ts')).connectMongo(mongodbUri, { log, clock })
  const stores = [redis, mongo, folder].filter((store) => store !== undefined)

  const container = new Container({ defaultScope: 'Singleton' })
  container.load(
    coreModule(),
    httpModule(),
    operatorModule(),
    safeguardsModule(settings, secrets.sessionSecrets),
    ...stores.flatMap(({ bindings }) => bindings),
    ...(redis || folder ? [] : [memoryStateModule()]),
    ...(mongo || folder ? [] : [memoryApiKeysModule()]),
  )
  if (clientFiles) container.load(clientFiles.bindings)
  for (const { ports, watch } of stores) {
    for (const port of ports) {
      container.onActivation(port, (_context, store: object) => attributeErrors(store, watch))
    }
  }
  const telemetry = await addTelemetry(container, settings, stores)
  bind(container, TOKENS.Clock).toConstantValue(clock)
  bind(container, TOKENS.Policy).toConstantValue(settings.policy)
  bind(container, TOKENS.Events).toConstantValue(audit)
  if (settings.resources) bind(container, TOKENS.Resources).toConstantValue(settings.resources)
  const clients = createClientIdentification(container, {
    pause,
    onRefused: (reason, clientId, request) => {
      clientRefusals.add(reason, { lastClientId: clientId })
      const event = { type: 'client_refused', at: clock.now(), reason, clientId } as const
      enter(contextOf(request), () => audit.emit(event))
    },
  })
  const introspection = createIntrospection(container, { clients, publicUrl, onError })
  bind(container, HTTP_TOKENS.RouterOptions).toConstantValue({
    publicUrl,
    metadataMembers: introspection?.metadataMembers,
    verificationUri: settings.verificationUri,
    // The app answers below the path of the public URL by itself, for proxies that do not strip it.
    prefix: '',
    linkedCodes: linkedCodesOf(settings.safeguards),
    signIn: createSignIn(settings.signIn, {
      log,
      clock,
      events: audit,
      clientSecret: secrets.oidcClientSecret,
      maxAgeSeconds: maxSignInAge(settings.safeguards),
      keepsEmail: settings.safeguards.usesLoginHint,
    }),
    sessionSecret: secrets.sessionSecrets,
    pages,
    contact: settings.contact,
    trustedProxies: settings.trustedProxies,
    frontEndOrigins: settings.frontEndOrigins,
    scopesSupported: () => settings.scopesSupported,
    authorizeLimit: settings.authorizeLimit,
    authorizeLimitExempt: settings.authorizeLimitExempt,
    clients,
    onError,
    onPoll: (outcome) => polls.add(outcome),
    onCodeRefused: (limit, address) => {
      refusals.add(limit, { lastAddress: address })
      audit.emit({ type: 'too_many_codes', at: clock.now(), limit, address })
    },
    onUnlistedProxy: (address) =>
      log.warn(
        { address },
        'ignored forwarding headers, because TRUSTED_PROXIES does not list this',
      ),
  })

  const deviceGrant = get(container, HTTP_TOKENS.Router)
  const app = createApp({
    deviceGrant,
    authenticateApiKey: get(container, TOKENS.AuthenticateApiKey),
    moreRows: introspection?.rows,
    publicUrl,
    tables: modules.map((module) =>
      module.routes({ container, log, clock, pause, onError, countLimit: telemetry.countLimit }),
    ),
    stores,
    clock,
    isStopping: () => stopping.signal.aborted,
    onError,
  })
  const { port, host, maxConnections, keepAliveMs } = settings
  const throttleTooMany = createThrottle(clock)
  const listen = async (): Promise<HttpServer> => {
    await telemetry.listen()
    return startHttpServer(gatherRequests(telemetry.listenerOf(app)), {
      port,
      host,
      maxConnections,
      timeouts: { keepAliveMs },
      onTooMany: () => {
        telemetry.countLimit('connections')
        throttleTooMany((leftOut) =>
          log.warn({ maxConnections, leftOut }, 'connection closed, because too many are open'),
        )
      },
    })
  }
  const httpServer = await listen().catch(async (error: unknown) => {
    await telemetry.close()
    await closeAll(stores)
    throw error
  })
  const { address } = httpServer
  if (settings.signIn.kind === 'oidc') {
    void checkIssuer(settings.signIn.issuer, log, stopping.signal)
  }
  void clientFiles?.reloadRegularly(stopping.signal, pause)
  const logCounts = setInterval(() => {
    for (const each of counts) each.flush()
    audit.flush()
  }, LOG_COUNTS_EVERY_MS)
  const { wrongCodesOfEveryone } = settings.policy
  log.info(
    {
      version: VERSION,
      address,
      publicUrl,
      wrongCodesOfEveryone,
      settings: effectiveSettings(settings),
    },
    'server started',
  )

  const stop = async (): Promise<void> => {
    stopping.abort()
    if (settings.shutdownDelayMs > 0) {
      await pause(settings.shutdownDelayMs, new AbortController().signal)
    }
    await httpServer.close()
    clearInterval(logCounts)
    for (const each of counts) each.flush()
    await audit.stop()
    await telemetry.close()
    await closeAll(stores)
    await container.unbindAllAsync()
    log.info('server stopped')
  }
  const reloads = [clientFiles, ...modules, secrets.areInFiles ? secrets : undefined].flatMap(
    (files) => (files?.reload ? [async () => files.reload?.(log)] : []),
  )
  let stopped: Promise<void> | undefined
  return {
    address,
    container,
    reload:
      reloads.length > 0
        ? async () => void (await Promise.all(reloads.map((reload) => reload())))
        : undefined,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
