// Logs in at the server of the first argument, and prints whose key it got.
import { hostname } from 'node:os'
import * as oauth from 'openid-client'

const issuer = new URL(process.argv[2])
const config = await oauth.discovery(issuer, 'acme-cli', undefined, oauth.None(), {
  algorithm: 'oauth2',
  timeout: 10,
  execute: issuer.protocol === 'http:' ? [oauth.allowInsecureRequests] : [],
  [oauth.customFetch]: (url, options) =>
    fetch(url, { ...options, headers: { ...options.headers, 'user-agent': 'acme-cli/1.0' } }),
})
const codes = await oauth.initiateDeviceAuthorization(config, {
  scope: 'whoami',
  device_name: hostname().slice(0, 64),
})
console.error(`Open   ${codes.verification_uri}\nEnter  ${codes.user_code}`)

const signal = AbortSignal.timeout(codes.expires_in * 1000)
const poll = async () => {
  try {
    // The library waits, and polls until there is a key or another error than the two of waiting.
    return await oauth.pollDeviceAuthorizationGrant(config, codes, undefined, { signal })
  } catch (error) {
    if (signal.aborted) throw new Error('The code has expired.')
    if (error instanceof oauth.ResponseBodyError && error.status < 500) throw error
    // The connection broke, or the server has a problem: the next poll may work.
    const interval = codes.interval ?? 5
    codes.interval = Math.max(interval, Math.min(interval * 2, 30))
    return poll()
  }
}
try {
  const { access_token: key } = await poll()
  const whoami = new URL(`${issuer.href.replace(/\/$/, '')}/api/whoami`)
  console.log(await (await oauth.fetchProtectedResource(config, key, whoami, 'GET')).text())
} catch (error) {
  console.error(`The login failed: ${error.error ?? error.message}`)
  process.exitCode = 1
}
