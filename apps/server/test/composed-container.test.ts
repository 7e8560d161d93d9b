import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { MongoApiKeyStore } from '@device-grant/adapter-mongo'
import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { membersOf, post } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'

process.env['SESSION_SECRET'] = 'a secret of thirty-two characters'
const { container, router } = await import('./composed-container.js')

const inRepository = (path: string): URL => new URL(`../../../${path}`, import.meta.url)
const docs = await readFile(inRepository('docs/architecture.md'), 'utf8')

/** The files in a folder of the core that match. */
const sources = async (folder: string, matching: RegExp): Promise<readonly string[]> => {
  const names = await readdir(inRepository(folder), { recursive: true })
  return names.filter((name) => matching.test(name)).map((name) => name.replaceAll('\\', '/'))
}

/** The arrows of a drawing, as `from>to`. */
const arrowsOf = (drawing: string): ReadonlySet<string> =>
  new Set(
    [...drawing.matchAll(/^ *([\w-]+)(?:\["[^"]*"\])? --> ([\w-]+)/gm)].map(
      ([, from, to]) => `${from}>${to}`,
    ),
  )

/** Tells if arrows lead from one room to another one. */
const leads = (arrows: ReadonlySet<string>, from: string, to: string): boolean =>
  arrows.has(`${from}>${to}`) ||
  [...arrows].some((arrow) => {
    const [start, next = ''] = arrow.split('>')
    return start === from && leads(arrows, next, to)
  })

test('docs/architecture.md draws the imports inside core, and between packages', async (t) => {
  const [, drawing = ''] = /```mermaid\nflowchart (.+?)```/s.exec(docs) ?? []
  const arrows = arrowsOf(drawing)
  const imports = new Set<string>()
  const roomOf = (path: string): string => path.split('/')[0]?.replace('.ts', '') ?? ''
  for (const file of await sources('packages/core/src', /\.ts$/)) {
    const text = await readFile(inRepository(`packages/core/src/${file}`), 'utf8')
    for (const [, specifier = ''] of text.matchAll(/from '(\..+?)'/g)) {
      const { pathname } = new URL(specifier, `file:///${file}`)
      const [from, to] = [roomOf(file), roomOf(pathname.slice(1))]
      if (from !== to && from !== 'index') imports.add(`${from}>${to}`)
    }
  }
  for (const folder of [
    'apps/server',
    ...(await readdir(inRepository('packages'))).map((name) => `packages/${name}`),
  ]) {
    if (folder === 'packages/test-support' || folder === 'packages/core') continue
    const { dependencies, peerDependencies } = JSON.parse(
      await readFile(inRepository(`${folder}/package.json`), 'utf8'),
    )
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const [, to] = /^@device-grant\/(.+)/.exec(name) ?? []
      if (to !== undefined) imports.add(`${folder.split('/')[1]}>${to}`)
    }
  }
  t.true(imports.size > 20)
  for (const arrow of arrows) t.true(imports.has(arrow), `${arrow} is drawn`)
  for (const one of imports) {
    const [from = '', to = ''] = one.split('>')
    t.true(leads(arrows, from, to), `${one} is not drawn`)
  }
})

test('docs/architecture.md draws every status of a grant and of a key', async (t) => {
  const [, drawing = ''] = /```mermaid\nstateDiagram-v2(.+?)```/s.exec(docs) ?? []
  const drawn = new Set([...arrowsOf(drawing)].flatMap((arrow) => arrow.split('>')))
  const statuses = new Set<string>()
  for (const rule of ['device-grant', 'api-key']) {
    const text = await readFile(inRepository(`packages/core/src/rules/${rule}.ts`), 'utf8')
    for (const [, status = ''] of text.matchAll(/readonly status: '(\w+)'/g)) statuses.add(status)
  }
  t.deepEqual([...drawn].toSorted(), [...statuses].toSorted())
})

test('docs/architecture.md shows this composition', async (t) => {
  const text = await readFile(new URL('../test/composed-container.ts', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  t.true(docs.includes(`\`\`\`ts\n${shown.trim()}\n\`\`\``))
})

test('the composition gives a use case that works, with the bound stores and policy', async (t) => {
  const authorizeDevice = get(container, TOKENS.AuthorizeDevice)
  const { expiresIn, userCode } = issued(await authorizeDevice({ clientId: 'cli', device: {} }))
  t.is(expiresIn, 300)
  const question = { userCode, person: 'ann' }
  t.is((await get(container, TOKENS.ReviewUserCode)(question)).outcome, 'pending')
  t.true(get(container, TOKENS.ApiKeys) instanceof MongoApiKeyStore)
})

test('the router calls the use case that was bound again', async (t) => {
  const server = createServer(new Koa().use(router.routes()).callback())
  const origin = await listen(server)
  t.teardown(() => server.close())
  for (const [sent, expected] of [
    [{ client_id: 'cli' }, 'read'],
    [{ client_id: 'cli', scope: 'write' }, 'write'],
  ] as const) {
    const answer = membersOf(await post(origin, AUTHORIZE, sent))
    const userCode = String(answer['user_code'])
    const review = await get(container, TOKENS.ReviewUserCode)({ userCode, person: 'ann' })
    if (review.outcome !== 'pending') return t.fail(review.outcome)
    t.is(review.request.scope, expected)
  }
})
