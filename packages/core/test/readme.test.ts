import { readFile, writeFile } from 'node:fs/promises'
import test from 'ava'

test('the code in the README runs as it stands, and ends with a key that works', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const last = 'await authenticateApiKey(reply.apiKey)'
  t.true(code.includes(last))
  const module = new URL('readme-snippet.mjs', import.meta.url)
  await writeFile(module, code.replace(last, `globalThis.readmeResult = ${last}`))
  await import(module.href)
  t.like(Reflect.get(globalThis, 'readmeResult'), { outcome: 'valid', owner: 'ann' })
})
