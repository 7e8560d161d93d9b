import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@device-grant/test-support/free-port'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import test from 'ava'

const MAIN = new URL('../dist/main.js', import.meta.url).href

// Ctrl-C reaches every process of the terminal, so it needs no test with npx.
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  test(`the server ends with the npx that started it and got ${signal}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'device-grant-npx-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const bin = join(folder, 'node_modules', '.bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    const program = `#!/usr/bin/env node\nimport(${JSON.stringify(MAIN)})\n`
    await writeFile(join(bin, 'device-grant'), program, { mode: 0o755 })

    const npx = spawnProgram(t, 'npx', ['device-grant'], {
      cwd: folder,
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        PORT: String(await freePort()),
        STORES: 'memory',
        npm_config_update_notifier: 'false',
      },
    })
    await npx.prints(/npm run login/)
    npx.child.kill(signal)
    // The output ends when no process can write to it any more.
    await npx.ended
    t.true(npx.out().includes('"server stopped"'), npx.out())
  })
}
