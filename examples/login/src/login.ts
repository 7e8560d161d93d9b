import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import * as oauth from 'openid-client'
import { keyFolder, openKeyFile } from './key-file.ts'
import { printable, showCodes, showWaiting, type Terminal, type Variables } from './terminal.ts'

const CLIENT_ID = 'login-example'
/** The servers log it, and people see it when they approve. */
const USER_AGENT = `device-grant-login/1.0 (${process.platform}; Node ${process.versions.node})`
const MAX_DEVICE_NAME = 64
const MAX_INTERVAL_SECONDS = 30
const EXPIRED = 'The code has expired. Run the login again.'

const COMMANDS = ['login', 'whoami', 'logout'] as const

/** A command of the program. */
export type LoginCommand = (typeof COMMANDS)[number]

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

const fail = (problem: string): never => {
  throw new Error(problem)
}

/** Reads what is asked, and where. Throws an error if an argument or a variable is wrong. */
const readCall = (args: readonly string[], io: LoginIo) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'device-name': { type: 'string', default: hostname() },
      'no-browser': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const command = COMMANDS.find((name) => name === positionals[0])
  const addresses = command ? positionals.slice(1) : positionals
  if (addresses.length > 1) fail(`There is more than one address: ${addresses.join(' ')}`)
  const [address = io.env['BASE_URL'] ?? 'http://localhost:3000'] = addresses
  const isWeb = /^https?:\/\//i.test(address) && URL.canParse(address)
  if (!isWeb) fail(`${address} is not an http:// or https:// address.`)
  const timeout = Number(io.env['REQUEST_TIMEOUT'] || 10)
  const isTime = timeout >= 1 && timeout <= 3600
  if (!isTime) fail('REQUEST_TIMEOUT must be a number of seconds from 1 to 3600.')
  const base = new URL(address.replace(/\/*$/, '/'))
  const keyFile = openKeyFile(keyFolder(io.env, io.folder), base)
  return { ...values, command: command ?? 'login', base, timeout, keyFile, io }
}

type Call = ReturnType<typeof readCall>

const send = (url: string | URL, options: RequestInit): Promise<Response> =>
  fetch(url, { ...options, headers: { ...options.headers, 'user-agent': USER_AGENT } })

const discover = ({ base, timeout }: Call): Promise<oauth.Configuration> =>
  oauth.discovery(base, CLIENT_ID, undefined, oauth.None(), {
    algorithm: 'oauth2',
    timeout,
    execute: base.protocol === 'http:' ? [oauth.allowInsecureRequests] : [],
    [oauth.customFetch]: (url, options) => send(url, options as RequestInit),
  })

/** What /api/whoami answers. */
type Owner = { readonly user: string; readonly expires_at?: string }

/** Asks whose key it is. Returns `undefined` if the key no longer works. */
const ownerOf = async ({ base, timeout }: Call, apiKey: string): Promise<Owner | undefined> => {
  const signal = AbortSignal.timeout(Math.ceil(timeout * 1000))
  const headers = { authorization: `Bearer ${apiKey}` }
  const response = await send(new URL('api/whoami', base), { headers, signal })
  if (response.status === 401) return undefined
  if (response.ok) return (await response.json()) as Owner
  return fail(`/api/whoami refused the key: HTTP ${response.status}`)
}

/**
 * Gets a key from a person's approval. A server or network that fails in between makes the interval
 * longer (RFC 8628 section 3.5), because the next poll may work.
 */
const askForKey = async (call: Call): Promise<string> => {
  const { env, stderr, openBrowser } = call.io
  const config = await discover(call)
  const device_name = [...call['device-name']].slice(0, MAX_DEVICE_NAME).join('')
  const codes = await oauth.initiateDeviceAuthorization(config, { scope: 'whoami', device_name })
  const signal = AbortSignal.timeout(codes.expires_in * 1000)
  await showCodes(codes, stderr, env, call['no-browser'] ? undefined : openBrowser)
  const waiting = showWaiting(codes.expires_in, stderr, env)
  const poll = async (interval = 5, hasFailed = false): Promise<string> => {
    try {
      const paced = { ...codes, interval }
      const tokens = await oauth.pollDeviceAuthorizationGrant(config, paced, undefined, { signal })
      return tokens.access_token
    } catch (error) {
      if (signal.aborted) return fail(EXPIRED)
      const reason = reasonToRetry(error)
      if (!reason) throw error
      const notice = `The server did not answer (${reason}). Retrying until the code expires.`
      if (!hasFailed) waiting.tell(notice)
      return poll(Math.max(interval, Math.min(interval * 2, MAX_INTERVAL_SECONDS)), true)
    }
  }
  return poll(codes.interval).finally(waiting.stop)
}

const RETRIED = /^OAUTH_(RESPONSE_IS_NOT_CONFORM|RESPONSE_IS_NOT_JSON|TIMEOUT|PARSE_ERROR)$/

/** Says why the next poll may work, or `undefined` if the server refused the login. */
const reasonToRetry = (error: unknown): string | undefined => {
  if (error instanceof oauth.ResponseBodyError) {
    const { status } = error
    return status === 408 || status === 429 || status >= 500 ? `HTTP ${status}` : undefined
  }
  const { code = '', cause, message } = error as oauth.ClientError
  // `fetch` throws a TypeError if the network fails.
  if (error instanceof TypeError) return (cause as NodeJS.ErrnoException)?.code ?? message
  if (!RETRIED.test(code)) return undefined
  return cause instanceof Response ? `HTTP ${cause.status}` : message
}

/** Explains an error of a login at this server, and what to do about it, in one line. */
const explain = (error: unknown, { href, host, hostname }: URL): string => {
  if (error instanceof oauth.ResponseBodyError) {
    if (error.error === 'access_denied') return 'The request was denied.'
    if (error.error === 'expired_token') return EXPIRED
    return `The login failed: ${error.error_description ?? error.error}`
  }
  const { message, cause } = error as Error
  if (cause instanceof Response) {
    const received = cause.status === 200 ? 'no JSON' : `HTTP ${cause.status}`
    return `No device-grant server answers at ${href}: ${cause.url} returned ${received}`
  }
  const details = cause as (NodeJS.ErrnoException & { body?: { issuer?: string } }) | undefined
  const { code = '', body, message: detail } = details ?? {}
  if (body?.issuer) return `The address of this server is ${body.issuer}. Use that address.`
  if (code === 'ECONNREFUSED') return `Nothing listens at ${host}. Is the server running?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Host ${hostname} was not found.`
  if (/CERT|SSL|TLS|VERIFY/.test(code)) return `TLS failed at ${host}: ${code}`
  return [message, detail || code].filter(Boolean).join(': ')
}

/** Does what is asked. Returns the result as JSON, and as a line. */
const run = async (call: Call): Promise<readonly [object, string]> => {
  const { command, io, base, keyFile } = call
  const kept = await keyFile.read()
  if (!kept && command !== 'login') return fail(`You are not logged in at ${base.href}`)
  if (kept && command === 'logout') {
    await oauth.tokenRevocation(await discover(call), kept)
    // Forgotten last, so that a failed revocation can be retried.
    await keyFile.forget()
    return [{ logged_out: true }, `Logged out of ${base.href}. The key is revoked.`]
  }
  let owner = kept ? await ownerOf(call, kept) : undefined
  if (!owner && command === 'login') {
    if (kept) io.stderr.write('  The key no longer works, so this is a new login.\n')
    const apiKey = await askForKey(call)
    await keyFile.keep(apiKey)
    owner = await ownerOf(call, apiKey)
    if (!owner) return fail('The server refuses the key that it has just issued.')
  }
  if (!owner) return fail('The key no longer works. Log in again.')
  const end = owner.expires_at ? `, until ${owner.expires_at}` : ''
  return [owner, `Logged in at ${base.href} as ${owner.user}${end}`]
}

/**
 * Runs `login`, `whoami` or `logout` with the arguments of a command line. Errors become one line on
 * stderr.
 * @returns the exit status: 0 done, 1 the login or the server failed, 2 wrong arguments
 */
export const runLogin = async (args: readonly string[], io: LoginIo): Promise<0 | 1 | 2> => {
  const { stdout, stderr } = io
  if (args.includes('--help') || args.includes('-h')) {
    stdout.write(usage(io))
    return 0
  }
  let call: Call | undefined
  try {
    call = readCall(args, io)
    const [result, line] = await run(call)
    stdout.write(call.json ? `${JSON.stringify(result, undefined, 2)}\n` : `${printable(line)}\n`)
    return 0
  } catch (error) {
    const problem = call ? explain(error, call.base) : (error as Error).message
    stderr.write(`  ${printable(problem)}\n`)
    if (call) return 1
    stderr.write(`\n${usage(io)}`)
    return 2
  }
}
