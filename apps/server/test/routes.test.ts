import { readFile } from 'node:fs/promises'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { tempFolder } from './temp-folder.ts'
import { startTestServer } from './test-server.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

test('the server answers every path in docs/http.md with its methods only', async (t) => {
  const folder = await tempFolder(t)
  const tokens = [{ name: 'support', hash: `sha256:${'x'.repeat(43)}` }]
  const server = await startTestServer({
    FRONT_END_ORIGINS: 'https://app.example',
    // With registered clients, the server has every path.
    CLIENTS_FILE: await folder.write('clients.json', { clients: [] }),
    ADMIN_TOKENS_FILE: await folder.write('admin.json', { tokens }),
    GITHUB_SECRET_SCANNING: 'true',
  })
  t.teardown(() => server.stop())
  const text = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \| ([\w, ]+) \|$/gm)]
  t.is(rows.length, 34)
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
