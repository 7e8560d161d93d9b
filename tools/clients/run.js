// Runs the clients of docs/clients.md against the server: Node, Python, Go, Rust and the shell.
//
// Each of them logs in through a proxy that fails in between, is denied, and meets a code that has
// expired. A client is left out if its toolchain is not found. The libraries come from their registries.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as send } from 'node:http'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../packages/test-support/dist/free-port.js'
import { listen } from '../../packages/test-support/dist/loopback.js'
import { decide } from '../../packages/test-support/dist/person.js'

const LIMIT_MS = 120_000
/** The path of the public URL. The proxy serves nothing else but the metadata of RFC 8414. */
const PATH = '/auth'
const SERVER = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url))
const folderOf = (name) =>
  fileURLToPath(new URL(`../../examples/clients/${name}/`, import.meta.url))
const output = await mkdtemp(join(tmpdir(), 'device-grant-clients-'))

/** Runs a command in the folder of a client. Its output is shown if it fails. */
const prepare = (name, command, ...args) => {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: folderOf(name),
    encoding: 'utf8',
  })
  assert.equal(status, 0, error?.message ?? `${command} ${args.join(' ')}\n${stdout}${stderr}`)
}

/** What each client needs, and how its program is made and started. */
const CLIENTS = {
  node: { needs: ['node'], start: () => ['node', 'login.js'] },
  python: {
    needs: ['python3'],
    start: () => {
      if (!existsSync(join(folderOf('python'), '.venv'))) {
        prepare('python', 'python3', '-m', 'venv', '.venv')
      }
      prepare('python', '.venv/bin/pip', 'install', '--quiet', '-r', 'requirements.txt')
      return ['.venv/bin/python', 'login.py']
    },
  },
  go: {
    needs: ['go'],
    start: () => {
      prepare('go', 'go', 'build', '-o', join(output, 'acme-cli'), '.')
      return [join(output, 'acme-cli')]
    },
  },
  rust: {
    needs: ['cargo'],
    start: () => {
      prepare('rust', 'cargo', 'build', '--quiet', '--locked')
      return ['target/debug/acme-cli']
    },
  },
  shell: { needs: ['bash', 'curl', 'jq'], start: () => ['bash', 'login.sh'] },
}

/** The version argument differs, but a program that is found starts. */
const isMissing = (program) => spawnSync(program, ['--version']).error !== undefined

/** A proxy in front of the server. It gives its own answers to the first polls. */
const startProxy = async (port, answers) => {
  const seen = []
  const proxy = createServer(async (request, response) => {
    const body = await text(request)
    const isPoll = request.url === `${PATH}/oauth/device/token`
    const agent = request.headers['user-agent']
    seen.push({ path: request.url, agent, body: new URLSearchParams(body), at: performance.now() })
    if (!new RegExp(`^${PATH}/|^/[.]well-known/[^/]+${PATH}$`).test(request.url)) {
      return response.writeHead(404).end(`Outside ${PATH}`)
    }
    const answer = isPoll ? answers.shift() : undefined
    if (answer === 'broken') return request.socket.destroy()
    if (answer === 'bad gateway') {
      return response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway')
    }
    if (answer !== undefined) {
      response.writeHead(400, { 'Content-Type': 'application/json' })
      return response.end(JSON.stringify({ error: answer }))
    }
    const { url: path, method, headers } = request
    const onward = send({ port, path, method, headers, host: '127.0.0.1' }, (reply) => {
      response.writeHead(reply.statusCode, reply.rawHeaders)
      reply.pipe(response)
    })
    onward.on('error', () => response.destroy()).end(body)
  })
  return { url: `${await listen(proxy)}${PATH}`, seen, proxy }
}

/** Starts the server, with the proxy as its public URL. */
const startServer = async (answers) => {
  const port = await freePort()
  const front = await startProxy(port, answers)
  const server = spawn(process.execPath, [SERVER], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      STORES: 'memory',
      PUBLIC_URL: front.url,
      SIGN_IN: 'forwarded',
      TRUSTED_PROXIES: '127.0.0.1',
      POLL_INTERVAL: '1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = []
  server.stderr.setEncoding('utf8').on('data', (line) => lines.push(line))
  const exited = once(server, 'exit').then(() => {
    front.proxy.close()
    assert.fail(lines.join(''))
  })
  // It writes this line when it listens.
  while (!lines.join('').includes('npm run login')) {
    await Promise.race([once(server.stderr, 'data'), exited])
  }
  exited.catch(() => {})
  const stop = async () => {
    front.proxy.closeAllConnections()
    const exit = once(server, 'exit')
    server.kill()
    await exit
  }
  return { ...front, stop }
}

/** Starts a client and makes a decision on its code. Resolves when it has ended. */
const logIn = async (name, [command, ...args], answers, decision) => {
  const { url, seen, stop } = await startServer(answers)
  const client = spawn(command, [...args, url], {
    cwd: folderOf(name),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  const [out, err] = ['stdout', 'stderr'].map((stream) => {
    const parts = []
    client[stream].setEncoding('utf8').on('data', (part) => parts.push(part))
    return () => parts.join('')
  })
  const ended = once(client, 'close')
  const hasEnded = ended.then(() => true)
  const isOver = () => Promise.race([hasEnded, once(client.stderr, 'data').then(() => false)])
  let code
  while (code === undefined) {
    code = /Enter +(\S+)\n/.exec(err())?.[1]
    if (code === undefined && (await isOver())) break
  }
  try {
    if (code && decision) await decide(url, code, decision)
    const [status] = await ended
    return { status, out: out(), err: err(), seen }
  } finally {
    await stop()
  }
}

const polls = (seen) => seen.filter(({ path }) => path === `${PATH}/oauth/device/token`)

const approved = async (name, command) => {
  const ended = await logIn(name, command, ['bad gateway', 'broken'], 'approve')
  const { status, out, err, seen } = ended
  assert.equal(status, 0, err)
  assert.equal(JSON.parse(out).user, 'alice')
  assert.ok(polls(seen).length >= 3)
  for (const { path, agent } of seen) {
    if (path !== `${PATH}/oauth/device/verify-authenticated`)
      assert.equal(agent, 'acme-cli/1.0', path)
  }
  const { body } = seen.find(({ path }) => path === `${PATH}/oauth/device/authorize`)
  assert.equal(body.get('device_name'), hostname().slice(0, 64))
}

const denied = async (name, command) => {
  const { status, out, err } = await logIn(name, command, [], 'deny')
  assert.equal(status, 1)
  assert.equal(out, '')
  assert.match(err, /The login failed: .*access_denied/)
}

const expired = async (name, command) => {
  const ended = await logIn(name, command, ['slow_down', 'expired_token'])
  assert.equal(ended.status, 1)
  assert.match(ended.err, /The login failed: .*expired_token/)
  const [first, second] = polls(ended.seen)
  assert.ok(second.at - first.at > 5500, 'slow_down makes the interval 5 s longer')
}

const tryOut = async (name, { needs, start }) => {
  const missing = needs.filter(isMissing)
  if (missing.length > 0) {
    console.error(`\n!!! ${name} was NOT tried: ${missing.join(', ')} not found\n`)
    return
  }
  const command = start()
  const from = performance.now()
  await Promise.all([approved, denied, expired].map((check) => check(name, command)))
  console.log(`${name}: passed in ${((performance.now() - from) / 1000).toFixed(1)} s`)
}

try {
  for (const [name, client] of Object.entries(CLIENTS)) {
    await tryOut(name, client).catch((error) => {
      console.error(`${name}: FAILED\n${error.stack}`)
      process.exitCode = 1
    })
  }
} finally {
  await rm(output, { recursive: true })
}
