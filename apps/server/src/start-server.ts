import type { AddressInfo } from 'node:net'
import * as mongoAdapter from '@device-grant/adapter-mongo'
import { mongoModule } from '@device-grant/adapter-mongo/inversify'
import * as redisAdapter from '@device-grant/adapter-redis'
import { redisModule } from '@device-grant/adapter-redis/inversify'
import {
  type Clock,
  type Events,
  type Policy,
  StoreError,
  TOKENS,
  type TokenReply,
} from '@device-grant/core'
import {
  coreModule,
  get,
  memoryApiKeysModule,
  memoryStateModule,
} from '@device-grant/core/inversify'
import type { DeviceGrantRouter, SignInFactory } from '@device-grant/http-koa'
import {
  demoSignIn,
  forwardedSignIn,
  notAllowed,
  oidcSignIn,
  requireApiKey,
} from '@device-grant/http-koa'
import { HTTP_TOKENS, httpModule, type RouterOptions } from '@device-grant/http-koa/inversify'
import Router from '@koa/router'
import { Container, ContainerModule } from 'inversify'
import Koa, { type Context } from 'koa'
import type { Logger } from 'pino'
import type { CheckStoreUrl, Settings, SignInSettings } from './config.ts'
import { type Dependency, healthz, readyz } from './health.ts'
import { listen } from './http-server.ts'
import { describeFault, logEvents } from './log.ts'
import { whoami } from './whoami.ts'

/** A server that is running. */
export interface RunningServer {
  /** Where it listens. */
  readonly address: AddressInfo
  /** What it is made of, to look inside. */
  readonly container: Container
  /** Stops taking requests, lets those under way end (10 s at most), then closes the stores' connections. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly log: Logger
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined
}

const COUNT_POLLS_EVERY_MS = 60_000

/** The composition root: makes everything from the settings and listens. */
export const startServer = async (
  settings: Settings,
  { log, clock = { now: Date.now } }: ServerOptions,
): Promise<RunningServer> => {
  const container = new Container({ defaultScope: 'Singleton' })
  const onFault = reportFaults(log, clock)
  const polls = new Map<TokenReply['outcome'], number>()
  const onPoll = (outcome: TokenReply['outcome']): void => {
    polls.set(outcome, (polls.get(outcome) ?? 0) + 1)
  }
  container.load(
    coreModule(),
    httpModule(),
    new ContainerModule(({ bind }) => {
      bind<Clock>(TOKENS.Clock).toConstantValue(clock)
      bind<Policy>(TOKENS.Policy).toConstantValue(settings.policy)
      bind<Events>(TOKENS.Events).toConstantValue(logEvents(log))
      bind<RouterOptions>(HTTP_TOKENS.RouterOptions).toConstantValue({
        publicUrl: settings.publicUrl,
        signIn: signInOf(settings.signIn, log),
        sessionSecret: settings.sessionSecret,
        trustedProxies: settings.trustedProxies,
        frontEndOrigins: settings.frontEndOrigins,
        authorizeLimit: settings.authorizeLimit,
        onFault,
        onPoll,
      })
    }),
  )
  const stores = [loadState(container, settings, log, clock), loadApiKeys(container, settings, log)]
  const dependencies = stores.filter((store) => store !== undefined)

  const app = createApp(container, settings, dependencies, onFault)
  const listening = await listen(app.callback(), settings).catch(async (fault: unknown) => {
    await closeAll(dependencies)
    throw fault
  })
  const { address } = listening
  const counting = setInterval(() => logPolls(polls, log), COUNT_POLLS_EVERY_MS)
  log.info({ address, publicUrl: settings.publicUrl }, 'listening')

  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    await listening.close()
    await container.get<DeviceGrantRouter>(HTTP_TOKENS.Router).settled()
    clearInterval(counting)
    logPolls(polls, log)
    await closeAll(dependencies)
    await container.unbindAllAsync()
    log.info('stopped')
  }
  return {
    address,
    container,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Whether the adapters understand the stores' URLs. Connects to nothing. */
export const checkStoreUrl: CheckStoreUrl = (name, url) => {
  try {
    if (name === 'REDIS_URL') redisAdapter.parseRedisUrl(url)
    else mongoAdapter.connect(url)
    return undefined
  } catch (fault) {
    const isTold =
      fault instanceof redisAdapter.RedisUrlError || fault instanceof mongoAdapter.MongoUriError
    if (!isTold) throw fault
    return fault.message
  }
}

/** A store on a server of its own: it can be down, and its connection has to be closed. */
interface RemoteStore extends Dependency {
  close(): Promise<void>
}

/** Levels of what a look at Redis finds, as levels of the log. */
const LEVELS = { note: 'info', warning: 'warn', error: 'error' } as const

const BROKEN_OFF = ['ECONNRESET', 'ECONNABORTED', 'EPIPE']

const QUIET_MS = 5_000
const PING_MS = 1_500
const LOOK_AGAIN_MS = 60_000
const MAX_CLOCK_OFFSET_MS = 500

/** Binds grants, user codes and codeAttempts: to Redis where there is one, else to memory. */
const loadState = (
  container: Container,
  { redisUrl }: Settings,
  log: Logger,
  clock: Clock,
): RemoteStore | undefined => {
  if (redisUrl === undefined) {
    container.load(memoryStateModule())
    return undefined
  }
  const down = onceAMoment(clock, (error: Error) =>
    log.warn(describeFault(error, log), 'redis: connection'),
  )
  const redis = redisAdapter.connect(redisUrl, { onError: down })
  container.load(redisModule(redis))
  const stopLooking = repeatedly(LOOK_AGAIN_MS, log, 'redis: check', async (first) => {
    if (first) {
      const { version, findings } = await redisAdapter.checkServer(redis)
      log.info({ version }, 'redis: connected')
      for (const { level, text } of findings) log[LEVELS[level]](`redis: ${text}`)
    }
    const offsetMs = await redisAdapter.clockOffset(redis, clock)
    if (Math.abs(offsetMs) > MAX_CLOCK_OFFSET_MS) {
      log.warn(
        { offsetMs },
        "redis: this server's clock and Redis's disagree: codes may be forgotten early",
      )
    }
  })
  return {
    name: 'redis',
    ping: () => redisAdapter.ping(redis, PING_MS),
    close: async () => {
      stopLooking()
      await redisAdapter.disconnect(redis)
    },
  }
}

/** Binds the API keys: to MongoDB where there is one, else to memory. */
const loadApiKeys = (
  container: Container,
  { mongodbUri }: Settings,
  log: Logger,
): RemoteStore | undefined => {
  if (mongodbUri === undefined) {
    container.load(memoryApiKeysModule())
    return undefined
  }
  const db = mongoAdapter.connect(mongodbUri)
  container.load(mongoModule(db))
  let indexed = false
  const stopLooking = repeatedly(LOOK_AGAIN_MS, log, 'mongodb: indexes', async (first) => {
    if (!first) return
    await mongoAdapter.ensureIndexes(db)
    indexed = true
    log.info('mongodb: connected')
  })
  return {
    name: 'mongodb',
    ping: async () => {
      await mongoAdapter.ping(db, PING_MS)
      if (!indexed) throw new Error('The indexes are not there yet')
    },
    close: async () => {
      stopLooking()
      await db.client.close()
    },
  }
}

/** While a store is down every request fails: that is a line every so often, with a count, not one a request. */
const reportFaults = (log: Logger, clock: Clock): ((fault: unknown, what: string) => void) => {
  const outages = new Map<string, { quietUntil: number; more: number }>()
  return (fault, what) => {
    if (!(fault instanceof StoreError)) {
      return log.error(describeFault(fault, log), `failed: ${what}`)
    }
    const outage = outages.get(fault.code) ?? { quietUntil: 0, more: 0 }
    outages.set(fault.code, outage)
    const now = clock.now()
    if (now < outage.quietUntil && now >= outage.quietUntil - QUIET_MS) {
      outage.more += 1
      return
    }
    const { more } = outage
    outage.quietUntil = now + QUIET_MS
    outage.more = 0
    log.error({ ...describeFault(fault, log), ...(more > 0 ? { more } : {}) }, `failed: ${what}`)
  }
}

const RETRY_MS = 2_000

/** Does something now and every so often; until it has succeeded once, `first` holds and it is tried sooner. */
const repeatedly = (
  everyMs: number,
  log: Logger,
  what: string,
  work: (first: boolean) => Promise<void>,
): (() => void) => {
  let first = true
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const once = async (): Promise<void> => {
    try {
      await work(first)
      first = false
    } catch (fault) {
      if (!stopped) log.warn(describeFault(fault, log), `failed: ${what}`)
    }
    if (!stopped) timer = setTimeout(once, first ? RETRY_MS : everyMs)
  }
  void once()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** A connection that is down is tried many times a second; that is one line in a while, not many. */
const onceAMoment = (clock: Clock, report: (error: Error) => void): ((error: Error) => void) => {
  let quietUntil = 0
  return (error) => {
    const now = clock.now()
    if (now < quietUntil && now >= quietUntil - QUIET_MS) return
    quietUntil = now + QUIET_MS
    report(error)
  }
}

const closeAll = async (stores: readonly RemoteStore[]): Promise<void> => {
  await Promise.allSettled(stores.map((store) => store.close()))
}

const createApp = (
  container: Container,
  { publicUrl }: Settings,
  dependencies: readonly Dependency[],
  onFault: (fault: unknown, what: string) => void,
): Koa => {
  const { authenticateApiKey } = get(container, TOKENS.AllUseCases)
  const router = new Router({ sensitive: true, strict: true })
  router.get('/healthz', healthz)
  router.get('/readyz', readyz(dependencies))
  router.get('/api/whoami', requireApiKey(authenticateApiKey, { onFault }), whoami)
  // Whoever opens the address that the server prints wants to enter a code.
  router.get('/', (ctx) => {
    ctx.status = 303
    ctx.set('Location', `${publicUrl}/oauth/device/verify`)
    ctx.body = ''
  })
  router.all(['/', '/healthz', '/readyz', '/api/whoami'], notAllowed('GET, HEAD'))
  const app = new Koa()
  app.on('error', (fault: unknown, ctx?: Context) => {
    // A client that breaks off is no fault of ours.
    const { code = '' } = fault as NodeJS.ErrnoException
    if (ctx?.req.complete !== false && !BROKEN_OFF.includes(code)) onFault(fault, 'request')
  })
  const deviceGrant = container.get<DeviceGrantRouter>(HTTP_TOKENS.Router)
  app.use(deviceGrant.routes())
  app.use(router.routes())
  app.use((ctx) => deviceGrant.notFound(ctx))
  return app
}

const signInOf = (settings: SignInSettings, log: Logger): SignInFactory => {
  switch (settings.kind) {
    case 'demo':
      return demoSignIn()
    case 'forwarded':
      return forwardedSignIn({
        header: settings.header,
        onForged: (address) =>
          log.warn({ address }, 'ignored a sign-in header from no trusted proxy'),
      })
    case 'oidc':
      return oidcSignIn({
        issuer: settings.issuer,
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        onFault: (fault, what) => log.warn(describeFault(fault, log), `failed: ${what}`),
      })
  }
}

const logPolls = (polls: Map<string, number>, log: Logger): void => {
  if (polls.size === 0) return
  log.info(Object.fromEntries(polls), 'polls')
  polls.clear()
}
