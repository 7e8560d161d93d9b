import * as oauth from 'openid-client'
import { renderUnicodeCompact } from 'uqr'
import { showWaiting } from './waiting.ts'

/** Logs this terminal in at a device-grant server, and shows whose key it got. */
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
  const stopWaiting = showWaiting(codes.expires_in)
  const tokens = await oauth
    .pollDeviceAuthorizationGrant(config, codes)
    .catch((fault: unknown) => {
      throw new Error(reasonOf(fault), { cause: fault })
    })
    .finally(stopWaiting)
  const answer = await fetch(new URL('api/whoami', base), {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  if (!answer.ok) throw new Error(`The key was refused: ${answer.status}`)
  const whoami: unknown = await answer.json()
  process.stdout.write(`  Logged in. The key answers on api/whoami:\n\n`)
  process.stdout.write(`${JSON.stringify(whoami, undefined, 2)}\n`)
}

const discover = (base: URL): Promise<oauth.Configuration> =>
  oauth
    .discovery(base, 'login-example', undefined, oauth.None(), {
      algorithm: 'oauth2',
      ...(base.protocol === 'http:' ? { execute: [oauth.allowInsecureRequests] } : {}),
    })
    .catch((fault: unknown) => {
      throw new Error(`No device-grant server answers at ${base.href}`, { cause: fault })
    })

const reasonOf = (fault: unknown): string => {
  switch (fault instanceof oauth.ResponseBodyError ? fault.error : undefined) {
    case 'access_denied':
      return 'The request was denied.'
    case 'expired_token':
      return 'The code has expired. Run the login again.'
    default:
      return 'The login failed.'
  }
}

const given = process.argv[2] ?? process.env['BASE_URL'] ?? 'http://localhost:3000'
try {
  if (!URL.canParse(given))
    throw new Error(`${given} is no URL. Usage: npm run login -- [base URL]`)
  await login(new URL(given.replace(/\/*$/, '/')))
} catch (fault) {
  process.stderr.write(`  ${fault instanceof Error ? fault.message : String(fault)}\n`)
  process.exitCode = 1
}
