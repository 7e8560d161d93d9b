import { readFile } from 'node:fs/promises'
import test from 'ava'

const docs = await readFile(new URL('../../../docs/stores.md', import.meta.url), 'utf8')

for (const name of ['kits.test.ts', 'file-pair.ts']) {
  test(`docs/stores.md shows ${name}`, async (t) => {
    const text = await readFile(new URL(`../src/${name}`, import.meta.url), 'utf8')
    t.true(docs.includes(`\`\`\`ts\n${text}\`\`\``))
  })
}
