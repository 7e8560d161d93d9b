import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { startTestServer } from './test-server.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

test('the server answers every path in docs/http.md with its methods only', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'clients.json')
  // With registered clients, the server has every path.
  await writeFile(path, JSON.stringify({ clients: [] }))
  const env = { FRONT_END_ORIGINS: 'https://app.example', CLIENTS_FILE: path }
  const server = await startTestServer(env)
  t.teardown(() => server.stop())
  const text = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \| ([\w, ]+) \|$/gm)]
  t.is(rows.length, 27)
  for (const [, path = '', methods = '', origins = ''] of rows) {
    for (const method of METHODS) {
      const sample = path.replace('{name}', 'style.css').replace(/\{\w+\}/, 'x')
      const headers = { origin: 'https://app.example', 'x-forwarded-user': 'alice' }
      const answer = await send(server.url, { method, path: sample, headers })
      const isAllowed = methods.split(', ').includes(method)
      t.is(answer.status === 405, !isAllowed, `${method} ${path}: ${answer.status}`)
      t.is(answer.headers.allow, isAllowed ? undefined : methods, `${method} ${path}`)
      const preflight = answer.headers['access-control-allow-methods']
      const called = methods.replace(/, (HEAD|OPTIONS)/g, '')
      const isPreflight = method === 'OPTIONS' && isAllowed
      t.is(preflight, isPreflight && origins !== 'none' ? called : undefined, `${method} ${path}`)
    }
  }
})
