import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { hasProgram, type ReverseProxy, startProxy } from './started-proxy.ts'

/**
 * Whether nginx can be started. If not, tests that need it are skipped with a line that says so.
 * @throws {Error} if it is missing and `CI` is `true`
 */
export const hasNginx = (what: string): boolean => hasProgram('nginx', '-v', what)

/**
 * Writes a configuration of nginx with the lines of one `server` block. Returns its path.
 * @param dir the folder for it, and for all files of nginx
 * @param http lines of the `http` block before the `server` block
 */
export const writeNginxConfig = async (
  dir: string,
  { port, server, http }: { readonly port: number; readonly server: string; readonly http: string },
): Promise<string> => {
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
  return path
}

/**
 * Starts nginx with the lines of one `server` block.
 * @param http lines of the `http` block before it
 */
export const startNginx = async (server: string, http = ''): Promise<ReverseProxy> => {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'nginx-'))
  const path = await writeNginxConfig(dir, { port, server, http })
  const nginx = await startProxy('nginx', ['-c', path, '-e', 'stderr'], port)
  return {
    url: nginx.url,
    stop: async () => {
      await nginx.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
