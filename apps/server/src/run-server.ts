import { EXIT, type ExitStatus } from './commands/command.ts'
import { commandsHelp } from './commands/commands.ts'
import { processIo } from './commands/process-io.ts'
import { runCommand } from './commands/run-command.ts'
import { ConfigError, type Settings } from './config.ts'
import { configHelp } from './config-variables.ts'
import { effectiveSettings } from './effective-settings.ts'
import { endWithNpm } from './end-with-npm.ts'
import { hangUpEffect } from './hang-up.ts'
import { nextSteps } from './next-steps.ts'
import { readSettings } from './read-settings.ts'
import { logStoresInUse } from './stores-in-use.ts'
import { unknownArgument } from './unknown-argument.ts'
import { VERSION } from './version.ts'

/** How long the next steps and the end of the process wait for the log, in milliseconds. */
const FLUSH_WITHIN_MS = 1_000

/**
 * Runs the program: a command, or else the server, which reads the environment, listens, and stops on a
 * signal.
 */
export const runServer = async (): Promise<void> => {
  const args = process.argv.slice(2)
  const [argument, ...others] = args
  const flag = FLAGS.get(argument ?? '')
  if (flag) {
    if (others.length === 0) return flag()
    return fail(`${argument} takes no argument`, EXIT.usage)
  }
  if (argument !== undefined) {
    const status = await runCommand(args, processIo())
    if (status === undefined) {
      return fail(unknownArgument(argument, process.env), EXIT.usage)
    }
    process.exitCode = status
    return
  }
  const settings = await settingsOrFail()
  if (settings) await run(settings)
}

const printHelp = (): void => void process.stdout.write(configHelp() + commandsHelp())

const printConfig = async (): Promise<void> => {
  const settings = await settingsOrFail()
  if (!settings) return
  const printed = { version: VERSION, settings: effectiveSettings(settings) }
  process.stdout.write(`${JSON.stringify(printed, undefined, 2)}\n`)
}

/** What the program does instead of starting the server. */
const FLAGS: ReadonlyMap<string, () => void | Promise<void>> = new Map([
  ['--help', printHelp],
  ['-h', printHelp],
  ['--version', () => void process.stdout.write(`${VERSION}\n`)],
  ['--print-config', printConfig],
])

/** Ends the program with this status once nothing is left to do. */
const fail = (message: string, status: ExitStatus = EXIT.failed): void => {
  process.stderr.write(`${message}\n`)
  process.exitCode = status
}

const settingsOrFail = async (): Promise<Settings | undefined> => {
  try {
    return await readSettings(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    fail(error.report)
    return undefined
  }
}

/** An error of `listen`. It has a port, unless the address of the host was not found. */
interface ListenError extends NodeJS.ErrnoException {
  readonly port?: number | undefined
}

const run = async (settings: Settings): Promise<void> => {
  // Commands and `--help` start no server, and so do not load it.
  const [{ createLog }, { startServer }] = await Promise.all([
    import('./log.ts'),
    import('./start-server.ts'),
  ])
  const { log, flush } = createLog(settings.logLevel)
  logStoresInUse(settings, log)
  if (settings.sessionSecretIsRandom && settings.dataDir === undefined) {
    log.warn('SESSION_SECRET is not set, so people are signed out when this process ends')
  }
  try {
    const server = await startServer(settings, { log, variables: process.env })
    let stopping = false
    const stop = (reason: Readonly<Record<string, string>>): void => {
      // Ctrl-C arrives twice under npm: from the terminal, and passed on by npm.
      if (stopping) return
      stopping = true
      log.info(reason, 'server stopping')
      void server
        .stop()
        .then(() => flush(FLUSH_WITHIN_MS))
        .then(() => process.exit(0))
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop({ signal }))
    const isTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY)
    process.on('SIGHUP', (signal) => {
      const canReload = server.reload !== undefined
      const { platform } = process
      if (hangUpEffect({ isTerminal, platform, canReload }) === 'stop') return stop({ signal })
      log.info({ signal }, 'reading the files again')
      void server.reload?.()
    })
    endWithNpm(() => stop({ reason: 'npm has ended' }))
    await flush(FLUSH_WITHIN_MS)
    process.stderr.write(nextSteps(settings))
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.report)
    const { code, syscall, port = settings.port } = error as ListenError
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error
    const name = port === settings.metricsPort ? 'METRICS_PORT' : 'PORT'
    const hint = code === 'EADDRINUSE' ? `; set ${name} to another one` : ''
    fail(`Cannot listen on ${settings.host}:${port}: ${code}${hint}`)
  }
}
