import { spawnSync } from 'node:child_process'
import { reportSkipped } from './skipped-tests.ts'

/** Whether a `redis-server` can be started here. Without one, tests on Redis are skipped. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).error === undefined

if (!hasRedis) {
  reportSkipped(
    'no redis-server on the PATH, so nothing is tested on Redis. ' +
      'Install it: apt-get install redis-server, brew install redis',
  )
}
