import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import { connect, createRedisStores, disconnect } from '@device-grant/adapter-redis'
import {
  createMemoryStores,
  createPolicy,
  createUseCases,
  type UseCaseDependencies,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'

// Requests device codes from the use case, without HTTP, and prints one per line.
const [place = '', count = '0'] = process.argv.slice(2)
const UNDER_WAY = 500

interface OpenStores {
  readonly stores: Pick<UseCaseDependencies, 'grants' | 'userCodes'>
  close(): Promise<void>
}

const inRedis = (url: string): OpenStores => {
  const redis = connect(url)
  return { stores: createRedisStores(redis), close: () => disconnect(redis) }
}

const inLmdb = (path: string): OpenStores => {
  const environment = openLmdb({ path })
  const stores = createLmdbStores(environment)
  const close = async (): Promise<void> => {
    await stores.close()
    await environment.close()
  }
  return { stores, close }
}

const { stores, close } = place.startsWith('redis:') ? inRedis(place) : inLmdb(place)
const clock = { now: Date.now }
const { authorizeDevice } = createUseCases({
  ...createMemoryStores({ clock }),
  ...stores,
  clock,
  // The codes must live as long as the benchmark runs.
  policy: createPolicy({ codeLifetimeMs: 3_600_000 }),
  events: { emit: () => {} },
})
const device = { address: '127.0.0.1', userAgent: 'bench' }
let left = Number(count)
const work = async (): Promise<void> => {
  const codes: string[] = []
  while (left-- > 0) {
    const { deviceCode } = issued(await authorizeDevice({ clientId: 'bench', device }))
    codes.push(`${deviceCode}\n`)
  }
  process.stdout.write(codes.join(''))
}
await Promise.all(Array.from({ length: UNDER_WAY }, work))
await close()
