import type { Clock, OnError } from '@device-grant/core'
import type { RouteTable } from '@device-grant/http-koa'
import type { Container } from 'inversify'
import type { Logger } from 'pino'
import type { Pause } from './repeat.ts'
import type { Limit } from './telemetry/metrics.ts'

/** What a module is made of. */
interface ModuleParts {
  readonly container: Container
  readonly log: Logger
  readonly clock: Clock
  readonly pause: Pause
  readonly onError: OnError
  /** Counts what a limit has refused. */
  readonly countLimit: (limit: Limit) => void
}

/** Routes that only some servers have. */
export interface ServerModule {
  routes(parts: ModuleParts): RouteTable
  /** Reads the files of the module again. A file with a mistake changes nothing, and is logged. */
  reload?(log: Logger): Promise<void>
}
