import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import test from 'ava'

const WRITES = 20
const hasStrace = spawnSync('strace', ['-V']).error === undefined
const it = hasStrace ? test : test.skip
if (!hasStrace) reportSkipped('no strace on the PATH, so no proof that LMDB flushes the disk')

/** Writes states in one folder, and prints a line after each is acknowledged. */
const PROGRAM = `
  import { writeSync } from 'node:fs'
  import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
  const environment = openLmdb({ path: process.argv[1], timeoutMs: 30_000 })
  const { cutOffs } = createLmdbStores(environment)
  writeSync(1, 'ready')
  for (let i = 0; i < ${WRITES}; i++) {
    const next = { at: i, keepUntil: 4_102_444_800_000 }
    await cutOffs.update('id ' + i, () => ({ next, reply: undefined }))
    writeSync(1, 'acknowledged')
  }
  await environment.close()
`
const CALLS = 'openat,write,writev,pwrite64,pwritev,fdatasync'

/** What a line of the trace ends: `D`ata written, `F`lushed, the `R`oot written, or `A`cknowledged. */
const stepsOf = (trace: string): string => {
  const begun = new Map<string, string>()
  let [file, roots, steps] = ['', '', '']
  for (const line of trace.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.includes('<unfinished')) {
      begun.set(pid, rest)
      continue
    }
    const call = rest.startsWith('<...') ? (begun.get(pid) ?? '') + rest : rest
    const opened = /data\.mdb", (\S+?)[,)].* = (\d+)$/.exec(call)
    if (opened?.[1]?.includes('O_DSYNC')) roots = opened[2] ?? ''
    else if (opened?.[1]?.includes('O_RDWR')) file += ` ${opened[2]} `
    const [, name = '', descriptor = ''] = /^(\w+)\((\d+)/.exec(call) ?? []
    if (call.includes('"ready"')) steps = ''
    else if (call.includes('"acknowledged"')) steps += 'A'
    else if (descriptor === roots && name.startsWith('pw')) steps += 'R'
    else if (file.includes(` ${descriptor} `)) steps += name === 'fdatasync' ? 'F' : 'D'
  }
  return steps
}

it('every write is acknowledged after its data and then its root have reached the disk', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lmdb-flush-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const trace = join(folder, 'trace')
  const node = [process.execPath, '--input-type=module', '-e', PROGRAM, join(folder, 'data')]
  const { status, stderr } = spawnSync('strace', ['-f', '-e', CALLS, '-o', trace, ...node], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  })
  t.is(status, 0, stderr)
  const steps = stepsOf(readFileSync(trace, 'utf8'))
  t.log(steps)
  // The file of the root is opened so that a write of it returns after its flush.
  t.regex(steps, new RegExp(`^(D+FRA){${WRITES}}`))
})
