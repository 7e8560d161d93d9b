import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import test, { type ExecutionContext } from 'ava'
import { validate } from 'dockerfile-utils'
import { readConfig } from '#src/config.js'

const text = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8')

/** The images that people build. The first stage only builds. */
const IMAGES = text.split(/^(?=FROM )/m).slice(2)

test('the Dockerfile has no mistake', (t) => {
  t.deepEqual(validate(text), [])
})

test('an image runs the program as a user with a number, and SIGTERM stops it', (t) => {
  t.is(IMAGES.length, 2)
  const { bin } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
  )
  for (const image of IMAGES) {
    t.regex(image, /^USER 1000:1000$/m)
    t.regex(image, /^STOPSIGNAL SIGTERM$/m)
    t.deepEqual(Object.keys(bin), JSON.parse(/^ENTRYPOINT (.*)$/m.exec(image)?.[1] ?? ''))
  }
})

test('an image keeps its data in memory if STORES says so', (t) => {
  for (const image of IMAGES) {
    const [, variables = ''] = /^ENV (.*)$/m.exec(image) ?? []
    const env = {
      ...Object.fromEntries(variables.split(' ').map((each) => each.split('='))),
      PUBLIC_URL: 'https://login.example.com',
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '10.0.0.1',
    }
    t.is(readConfig(env).dataDir, '/data')
    t.is(readConfig({ ...env, STORES: 'memory' }).dataDir, undefined)
  }
})

test('a health check has only flags that the builders of Debian 12 know', (t) => {
  for (const image of IMAGES) {
    const [, flags = ''] = /^HEALTHCHECK ([^\\]*)/m.exec(image) ?? []
    const names = Array.from(flags.matchAll(/--([a-z-]+)=/g), ([, name]) => name)
    t.deepEqual(names, ['interval', 'timeout', 'start-period', 'retries'])
  }
})

/** Answers every request with this status. */
const answering = async (t: ExecutionContext, status: number): Promise<number> => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** The exit status of a health check. */
const check = async (image: string, port: number): Promise<number> => {
  const [program = '', ...args] = JSON.parse(/HEALTHCHECK [^[]*(\[.*\])/.exec(image)?.[1] ?? '[]')
  const env = { PATH: process.env['PATH'], PORT: String(port) }
  const [status] = await once(spawn(program, args, { env, stdio: 'ignore' }), 'exit')
  return status
}

const hasWget = spawnSync('wget', ['--version']).error === undefined
if (!hasWget) reportSkipped('no wget on the PATH, so its health check is not tried')

for (const image of IMAGES) {
  const [, name] = / AS (\w+)/.exec(image) ?? []
  const it = hasWget || !/HEALTHCHECK.*\n.*wget/.test(image) ? test : test.skip
  it(`the health check on ${name} starts no Node, and passes if the server is healthy`, async (t) => {
    t.notRegex(image, /HEALTHCHECK.*\n.*\bnode\b/)
    t.is(await check(image, await answering(t, 200)), 0)
    t.not(await check(image, await answering(t, 503)), 0)
    t.not(await check(image, await freePort()), 0)
  })
}
