import { readdir, readFile } from 'node:fs/promises'
import test from 'ava'

const ROOT = new URL('../../../', import.meta.url)
const ID = /\b(?:REQ|RSP|UI|CD|UC|SEC|TOK|POL|OA|MET|RFC9|BT|INT)-\d+\b/g
const RANGE = /\b([A-Z]+)-(\d+) to \1-(\d+)\b/g

const read = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8')

const foldersIn = async (path: string): Promise<string[]> =>
  (await readdir(new URL(path, ROOT))).map((name) => `${path}/${name}/test`)

/** The paths of all test files. */
const testFiles = async (): Promise<string[]> => {
  const folders = [...(await foldersIn('packages')), ...(await foldersIn('apps')), 'proofs/src']
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(new URL(folder, ROOT), { recursive: true }).catch(() => [])
      return names.map((name) => `${folder}/${name}`)
    }),
  )
  return found.flat().filter((path) => /\.(?:test|proof)\.ts$/.test(path))
}

/** The ids that a text cites, with all ids of its ranges. */
const idsIn = (text: string): Set<string> => {
  const ids = new Set(text.match(ID))
  for (const [, letters, from, to] of text.matchAll(RANGE)) {
    for (let n = Number(from); n <= Number(to); n++) ids.add(`${letters}-${n}`)
  }
  return ids
}

const cited = new Map<string, Set<string>>()
const rows: { readonly id: string; readonly files: readonly string[] }[] = []

test.before(async () => {
  for (const path of await testFiles()) cited.set(path, idsIn(await read(path)))
  const document = await read('docs/conformance.md')
  const links = new Map(
    [...document.matchAll(/^\[(.+)\]: \.\.\/(.+)$/gm)].map(([, name, path]) => [name, path]),
  )
  for (const [, id = '', cells = ''] of document.matchAll(/^\| ([A-Z9]+-\d+) \|(.+)$/gm)) {
    const names =
      cells
        .split('|')
        .at(-2)
        ?.matchAll(/\[([^\]]+)\]/g) ?? []
    rows.push({ id, files: [...names].map(([, name = '']) => links.get(name) ?? name) })
  }
})

test('docs/conformance.md has every id that a test cites, once', (t) => {
  const listed = rows.map(({ id }) => id)
  t.is(new Set(listed).size, listed.length)
  const all = new Set([...cited.values()].flatMap((ids) => [...ids]))
  t.true(all.size > 60)
  t.deepEqual([...all].filter((id) => !listed.includes(id)).toSorted(), [])
})

test('each test file that docs/conformance.md names exists and cites the id of its row', (t) => {
  for (const { id, files } of rows) {
    t.true(files.length > 0, id)
    for (const file of files) t.true(cited.get(file)?.has(id), `${id}: ${file}`)
  }
})
