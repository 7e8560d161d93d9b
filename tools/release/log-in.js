import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../../packages/test-support/dist/free-port.js'

const PERSON = 'maria'

/**
 * Starts the server and logs in a device at it.
 *
 * @returns the person whose key the device got.
 * @throws {Error} if any step of the login fails.
 */
export const logIn = async (program, cwd) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = spawn(process.execPath, [program], {
    cwd,
    env: {
      ...process.env,
      PORT: String(port),
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(server, 'close')
  try {
    await listening(server, exit)
    return await useKey(url, await deviceLogin(url))
  } finally {
    server.kill('SIGTERM')
    const [exitCode] = await exit
    if (process.platform !== 'win32') assert.equal(exitCode, 0, 'the server stops when asked to')
  }
}

const listening = async (server, exit) => {
  let output = ''
  const ended = exit.then(() => Promise.reject(new Error(`The server ended: ${output}`)))
  ended.catch(() => {})
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  while (!output.includes('"server started"')) {
    await Promise.race([once(server.stdout, 'data'), once(server.stderr, 'data'), ended])
  }
}

const deviceLogin = async (url) => {
  const client = { client_id: 'release-check' }
  const codes = await post(`${url}/oauth/device/authorize`, client)
  assert.equal(codes.status, 200)
  const { device_code, user_code } = codes.body
  const token = {
    ...client,
    device_code,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
  }
  const pending = await post(`${url}/oauth/device/token`, token)
  assert.equal(pending.body.error, 'authorization_pending')
  const headers = { 'X-Forwarded-User': PERSON }
  const decision = await post(`${url}/oauth/device/verify-authenticated`, { user_code }, headers)
  assert.equal(decision.status, 200)
  const issued = await post(`${url}/oauth/device/token`, token)
  assert.equal(issued.status, 200)
  return issued.body.access_token
}

const useKey = async (url, key) => {
  const headers = { Authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/api/whoami`, { headers })
  assert.equal(response.status, 200)
  const { user } = await response.json()
  assert.equal(user, PERSON)
  return user
}

const post = async (url, parameters, headers = {}) => {
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, body: await response.json() }
}
