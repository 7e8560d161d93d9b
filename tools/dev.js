// Rebuilds and restarts the server when a source changes: npm run dev
//
// `tsc -b -w` polls, and needs up to ten seconds to see a change.
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, readdirSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import './end-with-npm.js'
import './prepare.js'

const COMPILER = 'node_modules/typescript/bin/tsc'
const SERVER = 'apps/server'
// Some editors write a file in several steps.
const SETTLE_MS = 100

if (existsSync('.env')) process.loadEnvFile('.env')

const run = (...args) => spawn(process.execPath, args, { stdio: 'inherit' })

const changes = new EventEmitter()
const watched = new Set()

/** Watches each folder by itself: recursive watches miss files that editors replace. */
const watchSources = () => {
  for (const home of [SERVER, ...readdirSync('packages').map((name) => join('packages', name))]) {
    const files = ['src', 'lua'].flatMap((name) => filesBelow(join(home, name)))
    for (const folder of new Set(files.map(dirname))) {
      if (watched.has(folder)) continue
      watched.add(folder)
      watch(folder, () => changes.emit('change')).on('error', () => watched.delete(folder))
    }
  }
}

const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
    : []

let server
const stopServer = async () => {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
  const exit = once(server, 'exit')
  server.kill('SIGTERM')
  await exit
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stopServer().then(() => process.exit(0)))
}

for (;;) {
  watchSources()
  const changed = once(changes, 'change')
  const [exitCode] = await once(run(COMPILER, '-b', SERVER), 'exit')
  if (exitCode === 0) {
    await stopServer()
    server = run('--enable-source-maps', `${SERVER}/dist/main.js`)
  }
  await changed
  await pause(SETTLE_MS)
}
