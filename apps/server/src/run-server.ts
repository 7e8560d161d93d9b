import { ConfigError, configHelp, readConfig, type Settings } from './config.ts'
import { createLog } from './log.ts'
import { checkStoreUrl, startServer } from './start-server.ts'

/** Where `npm run login` looks when it is told nothing. */
const DEFAULT_URL = 'http://localhost:3000'

/** Runs the reference server as a program: reads the environment, listens, and stops on a signal. */
export const runServer = async (): Promise<void> => {
  const [argument] = process.argv.slice(2)
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(configHelp())
    return
  }
  if (argument !== undefined) {
    process.stderr.write(
      `There is no argument ${argument}: it is configured by its environment. See --help.\n`,
    )
    process.exitCode = 1
    return
  }
  let settings: Settings
  try {
    settings = readConfig(process.env, checkStoreUrl)
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
    process.stderr.write(`${fault.message}:\n${fault.faults.map((one) => `- ${one}\n`).join('')}`)
    process.stderr.write('See --help.\n')
    process.exitCode = 1
    return
  }
  const log = createLog(settings.logLevel)
  if (settings.sessionSecretIsRandom) {
    log.warn('SESSION_SECRET is not set: sign-ins end when this process ends')
  }
  try {
    const server = await startServer(settings, { log })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'stopping')
        void server.stop().then(() => process.exit(0))
      })
    }
    process.stderr.write(nextSteps(settings))
  } catch (fault) {
    const { code, syscall } = fault as NodeJS.ErrnoException
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw fault
    const hint = code === 'EADDRINUSE' ? '; set PORT to another one' : ''
    process.stderr.write(`Cannot listen on ${settings.host}:${settings.port}: ${code}${hint}\n`)
    process.exitCode = 1
  }
}

const nextSteps = ({ publicUrl, redisUrl, mongodbUri }: Settings): string => {
  const lost = [
    ...(redisUrl === undefined ? ['codes'] : []),
    ...(mongodbUri === undefined ? ['API keys'] : []),
  ]
  const address = publicUrl === DEFAULT_URL ? '' : ` -- ${publicUrl}`
  const memory = `
  (The ${lost.join(' and ')} are kept in memory: they are gone when this process ends.)`
  return `
  device-grant is at ${publicUrl}
  Log in from a second terminal, in the repository:  npm run login${address}${lost.length > 0 ? memory : ''}

`
}
