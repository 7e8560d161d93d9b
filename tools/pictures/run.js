// Makes docs/pictures from the real thing: the login that waits in a terminal, and the page that asks.
//
// The server runs as https://login.acme.example. Requests of the login and of Chromium to that address
// go to the server on loopback. The code is approved at the end.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runLogin } from '../../examples/login/dist/login.js'
import { freePort } from '../../packages/test-support/dist/free-port.js'
import { launchChromium } from '../../packages/test-support/dist/launch-chromium.js'
import { decide } from '../../packages/test-support/dist/person.js'
import { smallPng } from './small-png.js'
import { terminalSvg } from './terminal-svg.js'

const ISSUER = 'https://login.acme.example'
const PERSON = 'maria@example.com'
const COMMAND = `$ npx device-grant login ${ISSUER}\n`
const SIZE = { columns: 64, rows: 40 }
const PAGE_SIZE = { width: 520, height: 780 }
const MAX_BYTES = 60_000
const SCHEMES = {
  light: { ink: '#1f2328', paper: '#ffffff', frame: '#d0d7de' },
  dark: { ink: '#e6edf3', paper: '#0d1117', frame: '#30363d' },
}
const CLIENTS = {
  clients: [
    {
      client_id: 'login-example',
      client_name: 'Acme CLI',
      client_uri: 'https://acme.example',
      token_endpoint_auth_method: 'none',
    },
  ],
  scopes: { whoami: { description: 'See your name and e-mail address' } },
}

const picture = (name) => fileURLToPath(new URL(`../../docs/pictures/${name}`, import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'device-grant-pictures-'))

const startServer = async () => {
  const clientsFile = join(folder, 'clients.json')
  await writeFile(clientsFile, JSON.stringify(CLIENTS))
  const port = await freePort()
  const main = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      STORES: 'memory',
      PUBLIC_URL: ISSUER,
      VERIFICATION_URI: `${ISSUER}/device`,
      PRODUCT_NAME: 'Acme',
      CLIENTS_FILE: clientsFile,
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '127.0.0.1',
      SESSION_SECRET: randomBytes(32).toString('base64url'),
      POLL_INTERVAL: '1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = []
  child.stderr.setEncoding('utf8').on('data', (text) => lines.push(text))
  const exited = once(child, 'exit').then(() => assert.fail(lines.join('')))
  while (!lines.join('').includes('npm run login')) {
    await Promise.race([once(child.stderr, 'data'), exited])
  }
  exited.catch(() => {})
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() }
}

/** Logs in as the program does, in a terminal of this size. */
const startLogin = (local) => {
  const direct = globalThis.fetch
  globalThis.fetch = (url, options) => direct(String(url).replace(ISSUER, local), options)
  const written = []
  let waits
  const waiting = new Promise((resolve) => {
    waits = resolve
  })
  const stderr = {
    ...SIZE,
    isTTY: true,
    write: (text) => {
      written.push(text)
      if (text.includes('Waiting')) waits()
    },
  }
  const ended = runLogin(['--no-browser', '--device-name', 'Maria’s MacBook', ISSUER], {
    env: { KEY_FOLDER: folder },
    stdout: { write: () => {} },
    stderr,
    openBrowser: () => Promise.resolve(false),
    program: (command) => `device-grant ${command}`,
    folder: 'device-grant',
  })
  const early = ended.then(() => assert.fail(written.join('')))
  early.catch(() => {})
  return { waiting: Promise.race([waiting, early]), ended, output: () => written.join('') }
}

const shoot = async (browser, local, path, scheme) => {
  for (const deviceScaleFactor of [2, 1.5, 1]) {
    const context = await browser.newContext({
      viewport: PAGE_SIZE,
      deviceScaleFactor,
      colorScheme: scheme,
      locale: 'en',
    })
    await context.route(`${ISSUER}/**`, async (route) => {
      const request = route.request()
      const headers = { ...request.headers(), 'x-forwarded-user': PERSON }
      const url = request.url().replace(ISSUER, local)
      await route.fulfill({ response: await route.fetch({ url, headers }) })
    })
    const page = await context.newPage()
    const answer = await page.goto(`${ISSUER}${path}`)
    assert.equal(answer.status(), 200, await page.innerText('body'))
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    const png = smallPng(await page.screenshot())
    await context.close()
    if (png.length <= MAX_BYTES) return png
  }
  return assert.fail(`The picture of the page is larger than ${MAX_BYTES} bytes`)
}

const server = await startServer()
const browser = await launchChromium()
try {
  const login = startLogin(server.url)
  await login.waiting
  const output = login.output()
  const [code] = /[B-Z]{4}-[B-Z]{4}/.exec(output)
  for (const [scheme, colours] of Object.entries(SCHEMES)) {
    const title = 'A terminal shows an address, a code and a QR code, and waits for approval'
    const svg = terminalSvg(COMMAND + output, { ...SIZE, ...colours, title })
    await writeFile(picture(`terminal-${scheme}.svg`), svg)
    const path = `/oauth/device/verify?user_code=${code}`
    await writeFile(picture(`page-${scheme}.png`), await shoot(browser, server.url, path, scheme))
  }
  await decide(server.url, code, 'approve', PERSON)
  assert.equal(await login.ended, 0, login.output())
} finally {
  await browser.close()
  server.stop()
  await rm(folder, { recursive: true })
}
