import { readFile } from 'node:fs/promises'
import { connect, disconnect, ping } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import { eventually } from '@device-grant/test-support/eventually'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { hasOpenssl, makeCertificate } from './certificate.ts'

const it = hasRedis && hasOpenssl ? test : test.skip

it('rediss speaks TLS and trusts nobody it was not told to', async (t) => {
  const certificate = await makeCertificate()
  const server = await startRedisServer({ tls: certificate })
  const reported: Error[] = []
  const trusting = connect(server.url, { tls: { ca: await readFile(certificate.cert) } })
  const wary = connect(server.url, { onError: (error) => reported.push(error) })
  t.teardown(async () => {
    wary.disconnect()
    await disconnect(trusting)
    await server.stop()
    await certificate.remove()
  })
  await t.notThrowsAsync(() => ping(trusting))
  await t.throwsAsync(() => ping(wary), { instanceOf: StoreUnavailableError })
  await eventually('the reason is reported', () => reported.length > 0)
  t.regex(reported[0]?.message ?? '', /self-signed certificate/)
})
