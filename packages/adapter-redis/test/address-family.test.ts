import { connect, disconnect, ping } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'

const testWithRedis = hasRedis ? test : test.skip

// The server of the test listens on 127.0.0.1 only.
testWithRedis('the family of the URL chooses the addresses of a host name', async (t) => {
  const server = await startRedisServer()
  t.teardown(server.stop)
  for (const [family, connects] of [
    [4, true],
    [0, true],
    [6, false],
  ] as const) {
    const redis = connect(`redis://localhost:${server.port}?family=${family}`)
    t.teardown(() => disconnect(redis))
    if (connects) await t.notThrowsAsync(ping(redis))
    else await t.throwsAsync(ping(redis), { instanceOf: StoreUnavailableError })
  }
})
