// Whole logins through real identity providers: `SIGN_IN=oidc` at a Keycloak, and `SIGN_IN=forwarded`
// behind an Apache with mod_auth_openidc that signs people in at the same Keycloak.
//
// It needs `java` (17 or later), `mvn` and `unzip`, and for Apache `apache2` with
// `libapache2-mod-auth-openidc`. Keycloak comes from Maven Central and is kept in a cache folder
// (KEYCLOAK_CACHE, default: `device-grant-keycloak` in the temporary folder).
// Everything listens on loopback and is stopped at the end.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BrowserLike } from '../../packages/test-support/dist/browser-like.js'
import { authorize, pickUp } from '../../packages/test-support/dist/device.js'
import { freePort } from '../../packages/test-support/dist/free-port.js'
import { whoami } from '../../packages/test-support/dist/whoami.js'

const KEYCLOAK = '26.0.7'
const KEYCLOAK_SHA256 = '25353b74613bcf72db67f8addbd88d832c705a69333091a16573d249d665fe21'
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const LIMIT_MS = 5 * 60_000
const APACHE_MODULES = '/usr/lib/apache2/modules'

const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const started = performance.now()
const say = (text) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`)

const password = randomBytes(12).toString('hex')
const clientSecret = randomBytes(24).toString('hex')
const sessionSecret = randomBytes(24).toString('hex')
const apachePassphrase = randomBytes(24).toString('hex')
const children = []
const folder = await mkdtemp(join(tmpdir(), 'device-grant-providers-'))
const apacheLog = join(folder, 'apache.log')

const main = async () => {
  const missing = lacking([
    ['java', ['-version']],
    ['mvn', ['-version']],
    ['unzip', ['-v']],
  ])
  if (missing.length > 0) {
    skip(`Keycloak and Apache were NOT tried: ${missing.join(', ')} not found`, {
      isFault: !missing.includes('java'),
    })
    return
  }
  const [keycloakPort, managementPort, serverPort, apachePort] = await Promise.all(
    Array.from({ length: 4 }, () => freePort()),
  )
  const publicUrl = `http://127.0.0.1:${serverPort}`
  const apacheUrl = `http://127.0.0.1:${apachePort}`
  const issuer = `http://localhost:${keycloakPort}/realms/devices`
  await startKeycloak({ keycloakPort, managementPort, publicUrl, apacheUrl, issuer })

  const settings = {
    PUBLIC_URL: publicUrl,
    SIGN_IN: 'oidc',
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: clientSecret,
  }
  const oidc = await startServer(serverPort, settings)
  await throughOidc({ publicUrl, issuer })
  await throughAnotherAccount({ publicUrl, issuer })
  await stop(oidc)
  const forGroup = await startServer(serverPort, { ...settings, OIDC_ALLOW: 'groups=developers' })
  await throughGroup({ publicUrl })
  await stop(forGroup)

  const absent = ['mod_auth_openidc.so', 'mod_proxy_http.so'].filter(
    (name) => !existsSync(join(APACHE_MODULES, name)),
  )
  if (lacking([['apache2', ['-v']]]).length > 0) absent.push('apache2')
  if (absent.length > 0) {
    skip(`Apache was NOT tried: ${absent.join(', ')} not found`, { isFault: true })
    return
  }
  await startServer(serverPort, {
    PUBLIC_URL: apacheUrl,
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    FRONT_END_ORIGINS: 'http://localhost:5173',
  })
  await startApache({ apachePort, serverPort, apacheUrl, issuer })
  await throughApache({ apacheUrl, publicUrl, issuer })
}

/** A whole login at Keycloak's own login page, and out again. */
const throughOidc = async ({ publicUrl, issuer }) => {
  const codes = await authorize(publicUrl)
  const browser = new BrowserLike()
  const login = await browser.open(codes.verification_uri_complete)
  assert.ok(login.url.startsWith(issuer), `Keycloak should ask for a login, not ${login.url}`)
  const wrong = await browser.submit(login, 'login-actions/authenticate', {
    username: 'alice',
    password: 'wrong',
  })
  assert.ok(wrong.url.startsWith(issuer), 'a wrong password signs no person in')
  const page = await logIn(browser, wrong)
  assert.equal(page.url, codes.verification_uri_complete)
  assert.ok(page.text.includes(codes.user_code) && page.text.includes('alice'))
  say('oidc: signed in at Keycloak, and the code came along')

  const cookies = [...browser.cookiesFor(page.url)]
  const [, cookie] = cookies.find(([name]) => /^device_grant_\w+_session$/.test(name))
  say(`oidc: the session cookie has ${cookie.length} characters`)
  const { user } = await approve(publicUrl, browser, page, codes)
  assert.match(user, /^[\da-f-]{36}$/, "a person's id is Keycloak's sub")
  say(`oidc: approved; the key opens /api/whoami as ${user}`)

  const out = await browser.submit(page, '/sign-out', {})
  assert.equal(out.url.split('?')[0], `${publicUrl}/oauth/device/sign-in/signed-out`)
  assert.equal(out.status, 200)
  const again = await browser.open(codes.verification_uri)
  assert.ok(again.url.startsWith(issuer), 'Keycloak has forgotten the sign-in')
  say('oidc: signed out here and at Keycloak')
}

/** A person who is signed in as one account opens the same code as another. */
const throughAnotherAccount = async ({ publicUrl, issuer }) => {
  const codes = await authorize(publicUrl)
  const browser = new BrowserLike()
  const page = await logIn(browser, await browser.open(codes.verification_uri_complete))
  assert.ok(page.text.includes('alice'))
  const login = await browser.submit(page, '/switch-account', {})
  assert.ok(login.url.startsWith(issuer), `Keycloak should ask for an account, not ${login.url}`)
  const asBob = await logIn(browser, login, 'bob')
  assert.equal(asBob.url, codes.verification_uri_complete)
  assert.ok(asBob.text.includes(codes.user_code) && asBob.text.includes('bob'))
  await approve(publicUrl, browser, asBob, codes)
  say('oidc: another account was chosen at Keycloak, and opened the code at once')
}

/** The group of an account at Keycloak decides who may connect devices. */
const throughGroup = async ({ publicUrl }) => {
  const codes = await authorize(publicUrl)
  const visitor = new BrowserLike()
  const login = await visitor.open(codes.verification_uri_complete)
  const refused = await logIn(visitor, login, 'bob')
  assert.equal(refused.status, 403)
  assert.ok(refused.text.includes('You may not connect devices'))
  say('oidc: an account of another group may not connect devices')
  const developer = new BrowserLike()
  const page = await logIn(developer, await developer.open(codes.verification_uri_complete))
  assert.equal(page.url, codes.verification_uri_complete)
  await approve(publicUrl, developer, page, codes)
  say('oidc: an account of the group of OIDC_ALLOW may')
}

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/

/** The same behind Apache, which alone says who it is. */
const throughApache = async ({ apacheUrl, publicUrl, issuer }) => {
  const codes = await authorize(apacheUrl)
  assert.ok(codes.verification_uri_complete.startsWith(apacheUrl))
  const forged = { headers: { 'X-Forwarded-User': 'mallory' } }
  const browser = new BrowserLike()
  const login = await browser.open(codes.verification_uri_complete, forged)
  assert.ok(login.url.startsWith(issuer), `a forged header signs no person in: ${login.url}`)
  const page = await logIn(browser, login)
  assert.equal(page.url, codes.verification_uri_complete)
  const [person] = UUID.exec(page.text) ?? []
  assert.ok(page.text.includes(codes.user_code) && person, "a person's id is Keycloak's sub")
  say('forwarded: signed in at Keycloak by Apache, and the code came along')

  const asking = await browser.open(codes.verification_uri)
  assert.ok(asking.text.includes('id="user_code"'))
  assert.doesNotMatch(asking.headers.get('Content-Security-Policy'), /form-action/)
  const typed = `${codes.verification_uri}?user_code=${codes.user_code}`
  const ended = new BrowserLike()
  const askedAgain = await ended.open(typed)
  assert.ok(askedAgain.url.startsWith(issuer), `a form may be led to ${askedAgain.url}`)
  assert.equal((await logIn(ended, askedAgain)).url, typed)
  say('forwarded: a code typed after the sign-in has ended leads through the login to its page')

  const asAlice = await browser.open(codes.verification_uri_complete, forged)
  assert.ok(asAlice.text.includes(person) && !asAlice.text.includes('mallory'))
  for (const method of ['GET', 'DELETE', 'POST']) {
    const path = { GET: 'keys', DELETE: 'keys/1', POST: 'verify-authenticated' }[method]
    const asNobody = await fetch(`${apacheUrl}/oauth/device/${path}`, {
      method,
      headers: { 'X-Forwarded-User': 'mallory' },
    })
    assert.equal(asNobody.status, 401)
    assert.equal((await asNobody.json()).detail, 'Authentication required')
  }
  assert.equal(await statusFrom('127.0.0.2', `${publicUrl}/oauth/device/keys`, forged), 401)
  assert.equal(await statusFrom('127.0.0.1', `${publicUrl}/oauth/device/keys`, forged), 200)
  say('forwarded: a forged header is stripped by Apache, and ignored from anybody but Apache')

  const preflight = await fetch(`${apacheUrl}/oauth/device/verify-authenticated`, {
    method: 'OPTIONS',
    headers: {
      Origin: 'http://localhost:5173',
      'Access-Control-Request-Method': 'POST',
      'X-Forwarded-User': 'mallory',
    },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('Access-Control-Allow-Origin'), 'http://localhost:5173')
  say("forwarded: a front end's preflight passes")

  const late = await new BrowserLike().submit(page, '/verify', { decision: 'approve' })
  assert.equal(late.status, 401)
  assert.ok(late.text.includes(`href="${new URL(page.url).pathname}?user_code=${codes.user_code}"`))
  say('forwarded: a form sent after the sign-in has ended gets a page that leads back to the code')

  const { user } = await approve(apacheUrl, browser, page, codes)
  assert.equal(user, person)
  say(`forwarded: approved; the key opens /api/whoami as ${user}`)

  const back = encodeURIComponent(`${apacheUrl}/signed-out`)
  await browser.open(`${apacheUrl}/oauth/device/sign-in/apache?logout=${back}`)
  const again = await browser.open(codes.verification_uri)
  assert.ok(again.url.startsWith(issuer), 'Apache and Keycloak have forgotten the sign-in')
  say('forwarded: signed out at Apache and at Keycloak')
}

const logIn = (browser, page, username = 'alice') =>
  browser.submit(page, 'login-actions/authenticate', { username, password })

/** Approves on the page, and picks the key up. */
const approve = async (url, browser, page, { device_code }) => {
  const done = await browser.submit(page, '/verify', { decision: 'approve' })
  assert.equal(done.status, 200)
  const apiKey = await pickUp(url, device_code)
  assert.match(apiKey, /^dg_/)
  const answer = await whoami(url, apiKey)
  assert.equal(answer.status, 200)
  return JSON.parse(answer.text)
}

const statusFrom = (localAddress, url, { headers }) =>
  new Promise((resolve, reject) => {
    const asking = request(url, { localAddress, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asking.on('error', reject).end()
  })

const startKeycloak = async ({ keycloakPort, managementPort, publicUrl, apacheUrl, issuer }) => {
  const zip = await fetchKeycloak()
  finish('unzip', ['-q', zip, '-d', folder])
  const home = join(folder, `keycloak-${KEYCLOAK}`)
  await mkdir(join(home, 'data/import'), { recursive: true })
  await cp(here('keycloak-realm.json'), join(home, 'data/import/devices.json'))
  say(`Keycloak ${KEYCLOAK}: starting`)
  await start(
    'keycloak',
    join(home, 'bin/kc.sh'),
    [
      'start-dev',
      '--import-realm',
      '--db=dev-mem',
      '--http-host=127.0.0.1',
      `--http-port=${keycloakPort}`,
      `--http-management-port=${managementPort}`,
    ],
    {
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      PUBLIC_URL: publicUrl,
      APACHE_URL: apacheUrl,
      OIDC_CLIENT_SECRET: clientSecret,
      PASSWORD: password,
    },
    `${issuer}/.well-known/openid-configuration`,
  )
}

const fetchKeycloak = async () => {
  const cache = process.env['KEYCLOAK_CACHE'] ?? join(tmpdir(), 'device-grant-keycloak')
  const zip = join(cache, `keycloak-quarkus-dist-${KEYCLOAK}.zip`)
  if (!existsSync(zip)) {
    await mkdir(cache, { recursive: true })
    say(`Keycloak ${KEYCLOAK}: downloading`)
    finish('mvn', [
      '-q',
      '-B',
      `${MAVEN_PLUGIN}:copy`,
      `-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK}:zip`,
      `-DoutputDirectory=${cache}`,
    ])
  }
  const digest = createHash('sha256')
    .update(await readFile(zip))
    .digest('hex')
  if (digest !== KEYCLOAK_SHA256) {
    await rm(zip)
    throw new Error(`${zip} is not Keycloak ${KEYCLOAK}: it is removed, try again`)
  }
  return zip
}

const startServer = (port, env) =>
  start(
    'device-grant',
    process.execPath,
    [here('../../apps/server/dist/main.js')],
    { PORT: String(port), STORES: 'memory', SESSION_SECRET: sessionSecret, ...env },
    `http://127.0.0.1:${port}/healthz`,
  )

const startApache = async ({ apachePort, serverPort, apacheUrl, issuer }) => {
  const modules = [
    'mpm_event',
    'authn_core',
    'authz_core',
    'authz_user',
    'auth_openidc',
    'headers',
    'proxy',
    'proxy_http',
  ]
  const defined = {
    PUBLIC_URL: apacheUrl,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_SECRET: clientSecret,
    OIDC_CRYPTO_PASSPHRASE: apachePassphrase,
    DEVICE_GRANT_PORT: serverPort,
  }
  const conf = [
    ...modules.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`),
    `Listen 127.0.0.1:${apachePort}`,
    'ServerName 127.0.0.1',
    `PidFile ${folder}/apache.pid`,
    `ErrorLog ${apacheLog}`,
    ...(process.getuid() === 0 ? ['User www-data', 'Group www-data'] : []),
    ...Object.entries(defined).map(([name, value]) => `Define ${name} ${value}`),
    `Include ${here('apache-site.conf')}`,
  ]
  await writeFile(join(folder, 'apache.conf'), `${conf.join('\n')}\n`, { mode: 0o600 })
  await start(
    'apache',
    'apache2',
    ['-d', folder, '-f', join(folder, 'apache.conf'), '-DFOREGROUND'],
    {},
    `${apacheUrl}/healthz`,
  )
}

/** Starts a program and waits until it answers. */
const start = async (name, command, args, env, url) => {
  const child = spawn(command, args, { detached: true, env: { ...process.env, ...env } })
  const one = { name, child, output: '', over: false }
  children.push(one)
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      one.output = (one.output + chunk).slice(-20_000)
    })
  }
  child.once('error', (fault) => {
    one.output += fault.message
    one.over = true
  })
  child.once('exit', () => {
    one.over = true
  })
  for (;;) {
    if (one.over) throw new Error(`${name} ended before it answered`)
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (response?.ok) break
    await pause(200)
  }
  say(`${name}: answers`)
  return one
}

const stop = async (one) => {
  if (one.over || one.child.pid === undefined) return
  const ended = once(one.child, 'exit')
  // The whole group: a server may have started others.
  process.kill(-one.child.pid, 'SIGTERM')
  const late = setTimeout(() => process.kill(-one.child.pid, 'SIGKILL'), 10_000)
  await ended
  clearTimeout(late)
}

const finish = (command, args) => {
  const { status, stderr, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  })
  if (status !== 0) throw new Error(`${command} failed or took too long: ${stderr || stdout}`)
}

const lacking = (programs) =>
  programs
    .filter(([command, args]) => spawnSync(command, args).error !== undefined)
    .map(([command]) => command)

const skip = (text, { isFault }) => {
  console.error(`\n!!! ${text}\n`)
  if (isFault && process.env['CI'] === 'true') process.exitCode = 1
}

const cleanUp = async () => {
  await Promise.all(children.map(stop))
  await rm(folder, { recursive: true, force: true })
}

const giveUp = async (fault) => {
  console.error(fault)
  for (const { name, output } of children) console.error(`--- ${name}\n${output.slice(-4_000)}`)
  const log = await readFile(apacheLog, 'utf8').catch(() => '')
  if (log !== '') console.error(`--- apache's error log\n${log.slice(-4_000)}`)
  process.exitCode = 1
  await cleanUp()
  process.exit()
}

const limit = setTimeout(
  () => void giveUp(new Error(`This took longer than ${LIMIT_MS / 1000} s`)),
  LIMIT_MS,
)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void giveUp(new Error(`stopped by ${signal}`)))
}
try {
  await main()
  await cleanUp()
  say('everything is stopped')
} catch (fault) {
  await giveUp(fault)
}
clearTimeout(limit)
