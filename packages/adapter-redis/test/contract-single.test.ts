import { startRedisServer } from '@device-grant/test-support/redis-server'
import { runKits } from './run-kits.ts'

runKits('single server', startRedisServer)
