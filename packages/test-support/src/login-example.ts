import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

const PROGRAM = fileURLToPath(new URL('../../../examples/login/dist/login.js', import.meta.url))

/** The example of a device, waiting for somebody to answer its code. */
export interface Device {
  readonly userCode: string
  readonly completeUri: string
  /** All that it has printed, once it has ended. */
  readonly ended: Promise<{ readonly exitCode: number; readonly said: string }>
}

/** Runs the example that logs in at `url`. */
export const startDevice = async (t: ExecutionContext, url: string): Promise<Device> => {
  const child = spawn(process.execPath, [PROGRAM, url], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill()
    await exit
  })
  const complaints = text(child.stderr)
  let said = ''
  const shown = new Promise<RegExpExecArray>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /enter +(\S+)\s+or open +(\S+)\s/.exec(said)
      if (found) resolve(found)
    })
  })
  const ended = exit.then(async ([exitCode]) => ({
    exitCode: Number(exitCode),
    said: said + (await complaints),
  }))
  const [, userCode = '', completeUri = ''] = await Promise.race([
    shown,
    ended.then((end) => Promise.reject(new Error(`The device showed no code: ${end.said}`))),
  ])
  return { userCode, completeUri, ended }
}

export interface Codes {
  readonly user_code: string
  readonly device_code: string
  readonly verification_uri_complete: string
}

/** Asks for a code as a device does, which may give false reports of itself. */
export const askForCode = async (
  url: string,
  parameters: Readonly<Record<string, string>> = {},
  userAgent = 'example-cli/1.0 (linux)',
): Promise<Codes> => {
  const response = await fetch(`${url}/oauth/device/authorize`, {
    method: 'POST',
    headers: { 'User-Agent': userAgent },
    body: new URLSearchParams({ client_id: 'example-cli', scope: 'whoami', ...parameters }),
  })
  if (!response.ok) throw new Error(`No code: ${response.status} ${await response.text()}`)
  return (await response.json()) as Codes
}

/** One poll: the error, or else the API key. */
export const poll = async (
  url: string,
  { device_code }: Codes,
): Promise<{ readonly error?: string; readonly access_token?: string }> => {
  const response = await fetch(`${url}/oauth/device/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'example-cli', device_code }),
  })
  return (await response.json()) as { error?: string; access_token?: string }
}

/** The status with which a service answers this key. */
export const useKey = async (url: string, key: string | undefined): Promise<number> => {
  const headers = { Authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/api/whoami`, { headers })
  await response.body?.cancel()
  return response.status
}
