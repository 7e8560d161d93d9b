import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { end, own } from './owned-process.ts'
import { reportSkipped } from './skipped-tests.ts'

/** An nginx on a free port of loopback. */
export interface Nginx {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Whether nginx can be started. If not, tests that need it are skipped with a line that says so.
 * @throws {Error} if it is missing and `CI` is `true`
 */
export const hasNginx = (what: string): boolean => {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    reportSkipped(`${what}: nginx is missing`)
    return false
  }
}

/**
 * Starts nginx with the lines of one `server` block.
 * @param http lines of the `http` block before it
 */
export const startNginx = async (server: string, http = ''): Promise<Nginx> => {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'nginx-'))
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(dir, name)};`)
    .join('\n')
  const config = `
daemon off;
pid ${join(dir, 'nginx.pid')};
error_log stderr warn;
events {}
http {
access_log off;
${paths}
${http}
server {
listen 127.0.0.1:${port};
${server}
}
}
`
  const path = join(dir, 'nginx.conf')
  await writeFile(path, config)
  const child = own(
    spawn('nginx', ['-c', path, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] }),
  )
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const exited = once(child, 'exit').then(() => {
    throw new Error(`nginx did not start:\n${log}`)
  })
  exited.catch(() => {})
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    exited,
    eventually('nginx answers', async () => {
      await fetch(url)
      return true
    }),
  ])
  return {
    url,
    stop: async () => {
      await end(child, 'SIGTERM')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
