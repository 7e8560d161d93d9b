import * as oauth from 'openid-client'
import { renderUnicodeCompact } from 'uqr'
import { explain, MESSAGES } from './explain.ts'
import { forgetKey, KEY_FOLDER, keepKey, readKey } from './key-file.ts'
import { pollUntilExpiry } from './poll-until-expiry.ts'
import { showWaiting, tell } from './waiting.ts'

const USAGE = `Usage: npm run login -- [base URL]
       npm run login -- logout [base URL]

Logs this terminal in at a device-grant server, prints the owner of its new API key, and keeps the key
in ${KEY_FOLDER}. logout revokes the key and forgets it. The base URL is the PUBLIC_URL of the server.
Default: BASE_URL, else http://localhost:3000. REQUEST_TIMEOUT is the time for a request in seconds,
10 by default.
`

/** How long a request may take, in seconds. */
const REQUEST_TIMEOUT = Number(process.env['REQUEST_TIMEOUT'] ?? 10)

const discover = (base: URL): Promise<oauth.Configuration> =>
  oauth.discovery(base, 'login-example', undefined, oauth.None(), {
    algorithm: 'oauth2',
    timeout: REQUEST_TIMEOUT,
    execute: base.protocol === 'http:' ? [oauth.allowInsecureRequests] : [],
  })

const logout = async (base: URL): Promise<void> => {
  const apiKey = await readKey(base)
  if (apiKey === undefined) throw new Error(`You are not logged in at ${base.href}`)
  await oauth.tokenRevocation(await discover(base), apiKey)
  // Forgotten last, so that a failed revocation can be retried.
  await forgetKey(base)
  process.stdout.write('  Logged out. The key is revoked.\n')
}

const login = async (base: URL): Promise<void> => {
  const config = await discover(base)
  const codes = await oauth.initiateDeviceAuthorization(config, { scope: 'whoami' })
  const complete = codes.verification_uri_complete ?? codes.verification_uri
  process.stdout.write(`
${renderUnicodeCompact(complete)}

  Open       ${codes.verification_uri}
  and enter  ${codes.user_code}

  or open    ${complete}

`)
  const expiry = AbortSignal.timeout(codes.expires_in * 1000)
  const stopWaiting = showWaiting(codes.expires_in)
  let hasRetried = false
  const onRetry = (reason: string): void => {
    if (!hasRetried) tell(`The server did not answer (${reason}). Retrying until the code expires.`)
    hasRetried = true
  }
  const tokens = await pollUntilExpiry(config, codes, expiry, onRetry)
    .catch((error: unknown) => {
      throw expiry.aborted ? new Error(MESSAGES['expired_token']) : error
    })
    .finally(stopWaiting)
  await keepKey(base, tokens.access_token)
  const whoami = new URL('api/whoami', base)
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const response = await fetch(whoami, { headers })
  if (!response.ok) throw new Error(`${whoami.pathname} refused the key: HTTP ${response.status}`)
  process.stdout.write(`  Logged in. ${whoami.pathname} accepts the key:\n\n`)
  process.stdout.write(`${JSON.stringify(await response.json(), undefined, 2)}\n`)
}

const [first, ...rest] = process.argv.slice(2)
const isLogout = first === 'logout'
const given = (isLogout ? rest[0] : first) ?? process.env['BASE_URL'] ?? 'http://localhost:3000'
if (given === '--help' || given === '-h') process.stdout.write(USAGE)
else if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) {
  process.stderr.write(`  ${given} is not an http:// or https:// address.\n\n${USAGE}`)
  process.exitCode = 1
} else {
  const base = new URL(given.replace(/\/*$/, '/'))
  await (isLogout ? logout : login)(base).catch((error: unknown) => {
    process.stderr.write(`  ${explain(error, base)}\n`)
    process.exitCode = 1
  })
}
