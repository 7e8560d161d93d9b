import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { type SpawnedProgram, spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs `npm start` in a process group of its own, as a terminal does. */
const npmStart = (t: ExecutionContext, port: number): SpawnedProgram =>
  spawnProgram(t, 'npm', ['start'], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, PORT: String(port), STORES: 'memory', NODE_ENV: 'test' },
  })

/** The output of both streams, once no process can write any more. */
const outputOf = async ({ ended, out, err }: SpawnedProgram): Promise<string> => {
  await ended
  return out() + err()
}

const count = (text: string, part: string): number => text.split(part).length - 1

test('npm start prints what the server prints, and Ctrl-C stops it once', async (t) => {
  const program = npmStart(t, await freePort())
  await program.prints(/"server started"/)
  await program.prints(/npm run login/)
  const [banner, command, ...lines] = (program.out() + program.err()).trim().split('\n')
  t.regex(banner ?? '', /^> /)
  t.regex(command ?? '', /^> node .*tools\/run\.js/)
  t.regex(
    lines.join('\n').trim(),
    /^{.*"codes are kept in memory, API keys in memory"}\n{.*"server started"}\n\n +device-grant is at /s,
  )
  process.kill(-Number(program.child.pid), 'SIGINT')
  const output = await outputOf(program)
  t.is(count(output, '"server stopping"'), 1, output)
  t.is(count(output, '"server stopped"'), 1, output)
})

test('SIGTERM to npm stops the server of npm start', async (t) => {
  const program = npmStart(t, await freePort())
  await program.prints(/npm run login/)
  program.child.kill('SIGTERM')
  const output = await outputOf(program)
  t.is(count(output, '"server stopped"'), 1, output)
})
