import { readFile } from 'node:fs/promises'
import { disconnect, ping } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import { eventually } from '@device-grant/test-support/eventually'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { hasOpenssl, makeCertificate } from './certificate.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis && hasOpenssl ? test : test.skip

it('rediss uses TLS, and trusts only the certificates that it was given', async (t) => {
  const certificate = await makeCertificate()
  const server = await startRedisServer({ tls: certificate })
  const reported: Error[] = []
  const trusting = connectPatiently(server.url, { tls: { ca: await readFile(certificate.cert) } })
  const wary = connectPatiently(server.url, { onError: (error) => reported.push(error) })
  t.teardown(async () => {
    wary.disconnect()
    await disconnect(trusting)
    await server.stop()
    await certificate.remove()
  })
  await t.notThrowsAsync(() => ping(trusting, PATIENT_MS))
  await t.throwsAsync(() => ping(wary), { instanceOf: StoreUnavailableError })
  await eventually('the reason is reported', () => reported.length > 0)
  t.regex(reported[0]?.message ?? '', /self-signed certificate/)
})
