import { BrowserLike, type Visit } from '@device-grant/test-support/browser-like'
import { authorize } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import test from 'ava'
import { readConfig, type Settings } from '#src/config.js'
import { CurrentSecrets } from '#src/current-secrets.js'
import type { Variables } from '#src/environment.js'
import { logTo } from '#src/log.js'
import { startOpenidSetting } from './openid-setting.ts'
import { tempFolder } from './temp-folder.ts'

const OLD = 'vNq1fT0yq0XkP4m8q2rZ6aJd7sLw9uBe'
const NEXT = 'Ha7Kx2pQmZ9tYw4rBn6cVd8eLf1gSj3u'
const WEBHOOK_OLD = `whsec_${Buffer.alloc(32, 'old').toString('base64')}`
const WEBHOOK_NEXT = `whsec_${Buffer.alloc(32, 'next').toString('base64')}`

/** The secrets of an environment, and what a reload of them logs. */
const secretsOf = (variables: Variables) => {
  const lines: string[] = []
  const secrets = new CurrentSecrets(readConfig(variables), variables)
  const reload = (): readonly Readonly<Record<string, unknown>>[] => {
    secrets.reload(logTo({ write: (line: string) => lines.push(line) }, 'info'))
    return lines.splice(0).map((line) => {
      const { time: _time, level: _level, ...rest } = JSON.parse(line)
      return rest
    })
  }
  return { secrets, reload }
}

const CHANGED = 'secret loaded again'
const INVALID = 'a file of a secret is invalid, so the former secret stays'

test('a rotation of the session secret and of the client secret interrupts no sign-in', async (t) => {
  const folder = await tempFolder(t)
  const { server, provider, publicUrl } = await startOpenidSetting(t, {
    SESSION_SECRET_FILE: await folder.write('session', OLD),
    OIDC_CLIENT_SECRET: '',
    OIDC_CLIENT_SECRET_FILE: await folder.write('client', 'a secret that has been replaced'),
  })
  const verify = `${publicUrl}/oauth/device/verify`
  const logIn = async (browser: BrowserLike, stopAt?: string): Promise<Visit> => {
    const page = await browser.open(verify)
    const login = { login: 'user-alice', password: 'any' }
    return browser.submit(page, '/interaction/', login, stopAt)
  }
  t.is((await logIn(new BrowserLike())).status, 400, 'the provider refuses this client secret')
  const waiting = new BrowserLike()
  const callback = await logIn(waiting, `${publicUrl}/oauth/device/sign-in/callback`)

  await folder.write('client', provider.env['OIDC_CLIENT_SECRET'])
  await server.server.reload?.()
  const signedIn = new BrowserLike()
  t.is((await logIn(signedIn)).status, 200)
  const { user_code } = await authorize(server.url)
  const form = await signedIn.open(`${verify}?user_code=${user_code}`)
  await folder.write('session', `${NEXT},${OLD}`)
  await server.server.reload?.()

  const arrived = await waiting.open(callback.url)
  t.is(arrived.status, 200, 'a callback under way is answered')
  t.true(arrived.text.includes('alice'))
  t.true((await signedIn.open(verify)).text.includes('alice'), 'a session goes on')
  t.is((await signedIn.submit(form, '/verify', { decision: 'approve' })).status, 200)

  await folder.write('session', NEXT)
  await server.server.reload?.()
  t.true((await waiting.open(verify)).text.includes('alice'), 'the new secret has signed this one')
  const text = server.log.join('\n')
  t.is(text.split(CHANGED).length - 1, 3)
  for (const secret of [OLD, NEXT, 'has been replaced']) t.false(text.includes(secret))
})

test('a file with a mistake changes nothing, and the others count', async (t) => {
  const folder = await tempFolder(t)
  const { secrets, reload } = secretsOf({
    SESSION_SECRET_FILE: await folder.write('session', `${OLD}\n`),
    WEBHOOK_URL_FILE: await folder.write('url', 'https://hooks.example/one'),
    WEBHOOK_SECRET_FILE: await folder.write('secret', WEBHOOK_OLD),
  })
  t.true(secrets.areInFiles)
  t.deepEqual(reload(), [], 'nothing has changed')
  const before = secrets.sessionSecrets()
  await folder.write('session', 'hunter2')
  await folder.write('url', 'http://hooks.example/hunter2')
  await folder.write('secret', WEBHOOK_NEXT)
  t.deepEqual(reload(), [
    {
      variable: 'SESSION_SECRET_FILE',
      errors: ['SESSION_SECRET needs at least 32 characters; commas separate secrets'],
      msg: INVALID,
    },
    { variable: 'WEBHOOK_SECRET_FILE', msg: CHANGED },
    {
      variable: 'WEBHOOK_URL_FILE',
      errors: ['WEBHOOK_URL must be an https URL, or an http URL on loopback'],
      msg: INVALID,
    },
  ])
  t.is(secrets.sessionSecrets(), before)
  t.like(secrets.webhook(), { url: 'https://hooks.example/one', secret: WEBHOOK_NEXT })
  await folder.write('session', `${NEXT}, ${OLD}`)
  await folder.write('url', 'https://hooks.example/two')
  t.deepEqual(
    reload().map(({ variable, msg }) => [variable, msg]),
    [
      ['SESSION_SECRET_FILE', CHANGED],
      ['WEBHOOK_URL_FILE', CHANGED],
    ],
  )
  t.deepEqual(secrets.sessionSecrets(), [NEXT, OLD])
  t.like(secrets.webhook(), { url: 'https://hooks.example/two', secret: WEBHOOK_NEXT })
})

test('a file that is empty or gone changes nothing', async (t) => {
  const folder = await tempFolder(t)
  const path = await folder.write('session', OLD)
  const { secrets, reload } = secretsOf({ SESSION_SECRET_FILE: path })
  await folder.write('session', ' \n')
  t.like(reload(), [{ errors: ['SESSION_SECRET_FILE is empty'], msg: INVALID }])
  await folder.remove('session')
  t.like(reload(), [{ errors: ['SESSION_SECRET_FILE cannot be read: ENOENT'], msg: INVALID }])
  t.deepEqual(secrets.sessionSecrets(), [OLD])
})

test('a random session secret stays when another secret changes', async (t) => {
  const folder = await tempFolder(t)
  const WEBHOOK_SECRET_FILE = await folder.write('secret', WEBHOOK_OLD)
  const env = { WEBHOOK_URL: 'https://hooks.example', WEBHOOK_SECRET_FILE }
  const { secrets, reload } = secretsOf(env)
  const before = secrets.sessionSecrets()
  await folder.write('secret', WEBHOOK_NEXT)
  t.like(reload(), [{ msg: CHANGED }])
  t.is(secrets.sessionSecrets(), before)
})

test('the URL of a store says once that it needs a restart', async (t) => {
  const folder = await tempFolder(t)
  const port = await freePort()
  const { reload } = secretsOf({
    REDIS_URL_FILE: await folder.write('redis', `redis://:hunter2@127.0.0.1:${port}`),
    SESSION_SECRET: OLD,
  })
  await folder.write('redis', `redis://:hunter3@127.0.0.1:${port}`)
  t.deepEqual(reload(), [
    {
      variable: 'REDIS_URL_FILE',
      msg: 'the URL of a store has changed: restart the server to use it',
    },
  ])
  t.deepEqual(reload(), [])
  await folder.write('redis', `redis://:hunter2@127.0.0.1:${port}`)
  t.deepEqual(reload(), [], 'this URL is in use')
  await folder.write('redis', `redis://:hunter3@127.0.0.1:${port}`)
  t.is(reload().length, 1)
})

test('without files of secrets there is nothing to read again', (t) => {
  const settings: Settings = readConfig({ SESSION_SECRET: OLD })
  const secrets = new CurrentSecrets(settings, { SESSION_SECRET: OLD })
  t.false(secrets.areInFiles)
  t.deepEqual(secrets.sessionSecrets(), [OLD])
  t.is(secrets.webhook(), undefined)
})
