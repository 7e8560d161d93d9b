import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import test, { type ExecutionContext } from 'ava'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

interface NpmStart {
  readonly child: ChildProcess
  /** Everything printed so far, once it contains the text. */
  prints(text: string): Promise<string>
  /** Everything printed, once no process can print any more. */
  readonly closed: Promise<string>
}

/** Runs `npm start` in a process group of its own, as a terminal does. */
const npmStart = (t: ExecutionContext, port: number): NpmStart => {
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, PORT: String(port), NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  let isClosed = false
  const closed = once(child, 'close').then(() => {
    isClosed = true
    return output
  })
  t.teardown(() => {
    if (!isClosed) kill()
  })
  const prints = async (text: string): Promise<string> => {
    while (!output.includes(text)) {
      if (isClosed) throw new Error(`npm start ended without printing ${text}: ${output}`)
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), closed])
    }
    return output
  }
  return { child, prints, closed }
}

const count = (text: string, part: string): number => text.split(part).length - 1

test('npm start prints what the server prints, and Ctrl-C stops it once', async (t) => {
  const { child, prints, closed } = npmStart(t, await freePort())
  const started = await prints('npm run login')
  const [banner, command, ...lines] = started.trim().split('\n')
  t.regex(banner ?? '', /^> /)
  t.regex(command ?? '', /^> node tools\/run\.js/)
  t.regex(lines.join('\n').trim(), /^{.*"server started"}\n\n +device-grant is at /s)
  process.kill(-Number(child.pid), 'SIGINT')
  const output = await closed
  t.is(count(output, '"server stopping"'), 1, output)
  t.is(count(output, '"server stopped"'), 1, output)
})

test('SIGTERM to npm stops the server of npm start', async (t) => {
  const { child, prints, closed } = npmStart(t, await freePort())
  await prints('npm run login')
  child.kill('SIGTERM')
  const output = await closed
  t.is(count(output, '"server stopped"'), 1, output)
})
