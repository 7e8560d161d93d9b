import { startRedisCluster } from '@device-grant/test-support/redis-cluster'
import { runKits } from './run-kits.ts'

runKits('Cluster', startRedisCluster)
