import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, disconnect, ping } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import test from 'ava'
import { eventually } from './eventually.ts'
import { hasRedis } from './needs-redis.ts'
import { startRedisServer } from './redis-server.ts'

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined
if (!hasOpenssl) {
  const missing =
    'SKIPPED: no openssl on the PATH, so TLS is not tested. Get one: apt-get install openssl'
  if (process.env['CI']) throw new Error(missing)
  console.warn(missing)
}
const it = hasRedis && hasOpenssl ? test : test.skip

it('rediss speaks TLS and trusts nobody it was not told to', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'redis-tls-'))
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert, '-days', '1']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...files], { stdio: 'ignore' })
  const server = await startRedisServer({ tls: { cert, key } })
  const reported: Error[] = []
  const trusting = connect(server.url, { tls: { ca: await readFile(cert) } })
  const wary = connect(server.url, { onError: (error) => reported.push(error) })
  t.teardown(async () => {
    wary.disconnect()
    await disconnect(trusting)
    await server.stop()
    await rm(dir, { recursive: true })
  })
  await t.notThrowsAsync(() => ping(trusting))
  await t.throwsAsync(() => ping(wary), { instanceOf: StoreUnavailableError })
  await eventually('the reason is reported', () => reported.length > 0)
  t.regex(reported[0]?.message ?? '', /self-signed certificate/)
})
