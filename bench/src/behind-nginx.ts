import type { ChildProcess } from 'node:child_process'
import { freePort } from '@device-grant/test-support/free-port'
import { hasNginx, writeNginxConfig } from '@device-grant/test-support/nginx'
import { end } from '@device-grant/test-support/owned-process'
import { ofPairs, type Rate, requireRightAnswers, type Side } from './compare.ts'
import { applyLoad } from './load.ts'
import { cpuSeconds, startPinned } from './pinned-process.ts'
import { report, say } from './report.ts'
import { isReady, SERVER_CORE, type Server } from './servers.ts'
import { slices } from './settings.ts'
import { pollForms, polling } from './sides.ts'
import { answered } from './warm-up.ts'

/** Starts nginx in one process, as `docs/scaling.md` configures it, on the core of the servers. */
const startNginx = async (servers: readonly Server[], folder: string): Promise<Server> => {
  const port = await freePort()
  const upstreams = servers.map((server) => `server 127.0.0.1:${server.port} max_fails=0;`)
  const config = await writeNginxConfig(folder, {
    port,
    http: `upstream device_grant { ${upstreams.join(' ')} keepalive 64; }`,
    server: `
keepalive_requests 1000000000;
location / {
  proxy_pass http://device_grant;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
}`,
  })
  const args = ['-c', config, '-g', 'master_process off;', '-e', 'stderr']
  const child = startPinned({ core: SERVER_CORE, command: 'nginx', args })
  if (!(await isReady(child, `http://127.0.0.1:${port}/healthz`))) {
    throw new Error('nginx is not ready')
  }
  return { child, port }
}

/** Measures one slice. The CPU is that of all these processes. */
const measure = async ({ target }: Side, processes: readonly ChildProcess[]): Promise<Rate> => {
  const cpu = (): number => processes.reduce((sum, child) => sum + cpuSeconds(child), 0)
  const before = cpu()
  const result = await applyLoad({ target, ...slices })
  const used = cpu() - before
  requireRightAnswers(result, target)
  return {
    perSecond: result.answers / result.seconds,
    perCpuSecond: result.answers / used,
    busy: used / result.seconds,
  }
}

/** Compares two processes behind nginx with one that is asked directly, all of them on one core. */
export const compareBehindNginx = async (
  start: () => Promise<Server>,
  codes: readonly string[],
  folder: string,
): Promise<void> => {
  if (!hasNginx('two processes behind nginx')) return
  const [alone, ...two] = [await start(), await start(), await start()]
  const nginx = await startNginx(two, folder)
  const forms = pollForms(codes)
  const [behind, direct] = [polling(nginx, forms), polling(alone, forms)]
  for (const side of [behind, direct]) await answered(side, codes.length)
  const servers = two.map(({ child }) => child)
  const pairs: [Rate, Rate][] = []
  for (let i = 0; i < slices.count; i++) {
    pairs.push([
      await measure(behind, [nginx.child, ...servers]),
      await measure(direct, [alone.child]),
    ])
  }
  say('\npending polls on LMDB: two processes behind nginx, beside one without nginx')
  report(ofPairs(pairs), undefined, ['behind nginx', 'direct'])
  const before = { nginx: cpuSeconds(nginx.child), servers: servers.map(cpuSeconds) }
  await measure(behind, [])
  const share = cpuSeconds(nginx.child) - before.nginx
  const used = servers.reduce(
    (sum, child, i) => sum + cpuSeconds(child) - (before.servers[i] ?? 0),
    0,
  )
  say(`  nginx has ${((100 * share) / (share + used)).toFixed(0)} % of the CPU`)
  for (const { child } of [nginx, alone, ...two]) await end(child, 'SIGTERM')
}
