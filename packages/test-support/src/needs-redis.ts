import { spawnSync } from 'node:child_process'

/** Whether a `redis-server` can be started here. With `CI=true`, its lost is an error, never a skip. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).error === undefined

if (!hasRedis) {
  const missing =
    'SKIPPED: no redis-server on the PATH, so nothing is tested on Redis. ' +
    'Get one: apt-get install redis-server, brew install redis'
  if (process.env['CI'] === 'true') throw new Error(missing)
  console.warn(missing)
}
