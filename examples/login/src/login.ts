import * as oauth from 'openid-client'
import { renderUnicodeCompact } from 'uqr'
import { ANSWERS, explain } from './explain.ts'
import { showWaiting } from './waiting.ts'

const USAGE = `Usage: npm run login -- [base URL]

Logs this terminal in at a device-grant server, and shows whose key it got. The base URL is the server's
PUBLIC_URL; it may also stand in BASE_URL. Default: http://localhost:3000
`

const login = async (base: URL): Promise<void> => {
  const config = await oauth.discovery(base, 'login-example', undefined, oauth.None(), {
    algorithm: 'oauth2',
    ...(base.protocol === 'http:' ? { execute: [oauth.allowInsecureRequests] } : {}),
  })
  const codes = await oauth.initiateDeviceAuthorization(config, { scope: 'whoami' })
  const complete = codes.verification_uri_complete ?? codes.verification_uri
  process.stdout.write(`
${renderUnicodeCompact(complete)}

  Open       ${codes.verification_uri}
  and enter  ${codes.user_code}

  or open    ${complete}

`)
  const end = AbortSignal.timeout(codes.expires_in * 1000)
  const stopWaiting = showWaiting(codes.expires_in)
  const tokens = await oauth
    .pollDeviceAuthorizationGrant(config, codes, undefined, { signal: end })
    .catch((fault: unknown) => {
      throw end.aborted ? new Error(ANSWERS['expired_token']) : fault
    })
    .finally(stopWaiting)
  const whoami = new URL('api/whoami', base)
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const answer = await fetch(whoami, { headers })
  if (!answer.ok) throw new Error(`The key was refused: ${answer.status}`)
  process.stdout.write(`  Logged in. The key answers on ${whoami.pathname}:\n\n`)
  process.stdout.write(`${JSON.stringify(await answer.json(), undefined, 2)}\n`)
}

const given = process.argv[2] ?? process.env['BASE_URL'] ?? 'http://localhost:3000'
if (given === '--help' || given === '-h') process.stdout.write(USAGE)
else if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) {
  process.stderr.write(`  ${given} is no http:// or https:// address.\n\n${USAGE}`)
  process.exitCode = 1
} else {
  const base = new URL(given.replace(/\/*$/, '/'))
  await login(base).catch((fault: unknown) => {
    process.stderr.write(`  ${explain(fault, base)}\n`)
    process.exitCode = 1
  })
}
