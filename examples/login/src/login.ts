import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import * as oauth from 'openid-client'
import { explain, MESSAGES } from './explain.ts'
import { instructions, verificationPage } from './instructions.ts'
import { type KeyFile, keyFolder, openKeyFile } from './key-file.ts'
import { canOpenBrowser } from './open-browser.ts'
import { pollUntilExpiry } from './poll-until-expiry.ts'
import { printable, type Terminal, type Variables } from './terminal.ts'
import { showWaiting } from './waiting.ts'

/** The servers log it, and people see it when they approve. */
const USER_AGENT = `device-grant-login/1.0 (${process.platform}; Node ${process.versions.node})`
const CLIENT_ID = 'login-example'
const MAX_DEVICE_NAME = 64

/** A command of the program. */
export type LoginCommand = 'login' | 'whoami' | 'logout'

/** What a login gets from the process that runs it. */
export interface LoginIo {
  readonly env: Variables
  /** Gets results only, so that another program can read them. */
  readonly stdout: Pick<Terminal, 'write'>
  /** Gets everything else. */
  readonly stderr: Terminal
  /** Opens a page, or returns `false` if it cannot. */
  readonly openBrowser: (page: URL) => Promise<boolean>
  /** How a command is called in the usage, for example `npm run login -- logout`. */
  readonly program: (command: LoginCommand) => string
  /** The name of the folder in which the program keeps its keys. */
  readonly folder: string
}

const usage = ({ env, program, folder }: LoginIo): string => `Usage: ${program('login')} [base URL]
       ${program('whoami')} [base URL]
       ${program('logout')} [base URL]

Logs this terminal in at a device-grant server, prints the owner of its API key, and keeps the key in
${keyFolder(env, folder)}.
A key that still works is used again. whoami prints its owner. logout revokes and forgets it.
The base URL is the PUBLIC_URL of the server. Default: BASE_URL, else http://localhost:3000.

  --device-name NAME   the name of this device, the host name by default
  --no-browser         opens no browser; there is none over SSH, in CI or without a display
  --json               prints results as JSON

REQUEST_TIMEOUT is the time for a request in seconds, 10 by default.
`

/** One call of the program: what was asked, and where. */
interface Call {
  readonly io: LoginIo
  readonly base: URL
  readonly keyFile: KeyFile
  readonly deviceName: string
  readonly mayOpenBrowser: boolean
  readonly isJson: boolean
  /** The time for a request, in seconds. */
  readonly timeout: number
}

const MAX_TIMEOUT_SECONDS = 3600

const discover = ({ base, timeout }: Call): Promise<oauth.Configuration> =>
  oauth.discovery(base, CLIENT_ID, undefined, oauth.None(), {
    algorithm: 'oauth2',
    timeout,
    execute: base.protocol === 'http:' ? [oauth.allowInsecureRequests] : [],
    [oauth.customFetch]: (url, options) =>
      fetch(url, {
        ...options,
        body: options.body ?? null,
        headers: { ...options.headers, 'user-agent': USER_AGENT },
      }),
  })

/** What /api/whoami answers. */
interface Owner {
  readonly user: string
  readonly expires_at?: string
}

/** Asks whose key it is. Returns `undefined` if the key no longer works. */
const ownerOf = async ({ base, timeout }: Call, apiKey: string): Promise<Owner | undefined> => {
  const whoami = new URL('api/whoami', base)
  const response = await fetch(whoami, {
    headers: { authorization: `Bearer ${apiKey}`, 'user-agent': USER_AGENT },
    signal: AbortSignal.timeout(Math.ceil(timeout * 1000)),
  })
  if (response.status === 401) return undefined
  if (response.ok) return (await response.json()) as Owner
  throw new Error(`${whoami.pathname} refused the key: HTTP ${response.status}`)
}

/** Prints a result: as JSON, or as a line. */
const print = ({ io, isJson }: Call, result: object, line: string): void => {
  io.stdout.write(isJson ? `${JSON.stringify(result, undefined, 2)}\n` : `${printable(line)}\n`)
}

const printOwner = (call: Call, owner: Owner): void => {
  const end = owner.expires_at ? `, until ${owner.expires_at}` : ''
  print(call, owner, `Logged in at ${call.base.href} as ${owner.user}${end}`)
}

/** Gets a key from a person's approval. */
const askForKey = async ({ base, io, ...call }: Call): Promise<string> => {
  const { stderr, env } = io
  const config = await discover({ base, io, ...call })
  const parameters = { scope: 'whoami', device_name: call.deviceName }
  const codes = await oauth.initiateDeviceAuthorization(config, parameters)
  const expiry = AbortSignal.timeout(codes.expires_in * 1000)
  const isBrowserOpen = call.mayOpenBrowser && (await io.openBrowser(verificationPage(codes)))
  stderr.write(instructions(codes, isBrowserOpen, stderr, env))
  const waiting = showWaiting(codes.expires_in, stderr, env)
  let hasRetried = false
  const onRetry = (reason: string): void => {
    if (hasRetried) return
    waiting.tell(`The server did not answer (${reason}). Retrying until the code expires.`)
    hasRetried = true
  }
  const tokens = await pollUntilExpiry(config, codes, expiry, onRetry)
    .catch((error: unknown) => {
      throw expiry.aborted ? new Error(MESSAGES['expired_token']) : error
    })
    .finally(waiting.stop)
  return tokens.access_token
}

const COMMANDS: Readonly<Record<LoginCommand, (call: Call) => Promise<void>>> = {
  login: async (call) => {
    const kept = await call.keyFile.read()
    const known = kept === undefined ? undefined : await ownerOf(call, kept)
    if (known) return printOwner(call, known)
    if (kept) call.io.stderr.write('  The key no longer works, so this is a new login.\n')
    const apiKey = await askForKey(call)
    await call.keyFile.keep(apiKey)
    const owner = await ownerOf(call, apiKey)
    if (!owner) throw new Error('The server refuses the key that it has just issued.')
    printOwner(call, owner)
  },
  whoami: async (call) => {
    const apiKey = await call.keyFile.read()
    if (apiKey === undefined) throw new Error(`You are not logged in at ${call.base.href}`)
    const owner = await ownerOf(call, apiKey)
    if (!owner) throw new Error('The key no longer works. Log in again.')
    printOwner(call, owner)
  },
  logout: async (call) => {
    const apiKey = await call.keyFile.read()
    if (apiKey === undefined) throw new Error(`You are not logged in at ${call.base.href}`)
    await oauth.tokenRevocation(await discover(call), apiKey)
    // Forgotten last, so that a failed revocation can be retried.
    await call.keyFile.forget()
    print(call, { logged_out: true }, `Logged out of ${call.base.href}. The key is revoked.`)
  },
}

const isCommand = (text: string): text is LoginCommand => Object.hasOwn(COMMANDS, text)

const readArguments = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'device-name': { type: 'string', default: hostname() },
      'no-browser': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })

/**
 * Runs `login`, `whoami` or `logout` with the arguments of a command line. Errors become one line on
 * stderr.
 * @returns the exit status: 0 done, 1 the login or the server failed, 2 wrong arguments
 */
export const runLogin = async (args: readonly string[], io: LoginIo): Promise<0 | 1 | 2> => {
  const refuse = (problem: string): 2 => {
    io.stderr.write(`  ${problem}\n\n${usage(io)}`)
    return 2
  }
  let given: ReturnType<typeof readArguments>
  try {
    given = readArguments(args)
  } catch (error) {
    return refuse((error as Error).message)
  }
  const { values, positionals } = given
  if (values.help) {
    io.stdout.write(usage(io))
    return 0
  }
  const [first = '', ...others] = positionals
  const [command, addresses]: [LoginCommand, readonly string[]] = isCommand(first)
    ? [first, others]
    : ['login', positionals]
  const [address = io.env['BASE_URL'] ?? 'http://localhost:3000'] = addresses
  if (addresses.length > 1) return refuse(`There is more than one address: ${addresses.join(' ')}`)
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    return refuse(`${address} is not an http:// or https:// address.`)
  }
  const timeout = Number(io.env['REQUEST_TIMEOUT'] || 10)
  if (!(timeout >= 1 && timeout <= MAX_TIMEOUT_SECONDS)) {
    return refuse(`REQUEST_TIMEOUT must be a number of seconds from 1 to ${MAX_TIMEOUT_SECONDS}.`)
  }
  const base = new URL(address.replace(/\/*$/, '/'))
  try {
    await COMMANDS[command]({
      io,
      base,
      keyFile: openKeyFile(keyFolder(io.env, io.folder), base),
      deviceName: [...values['device-name']].slice(0, MAX_DEVICE_NAME).join(''),
      mayOpenBrowser: !values['no-browser'] && canOpenBrowser(io.env, process.platform),
      isJson: values.json,
      timeout,
    })
    return 0
  } catch (error) {
    io.stderr.write(`  ${printable(explain(error, base))}\n`)
    return 1
  }
}
