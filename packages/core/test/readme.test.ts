import { readFile, rm, writeFile } from 'node:fs/promises'
import test from 'ava'

/** Runs a code block of the README as a module. */
const run = async (name: string, code: string): Promise<void> => {
  // Another run of the tests may write its module at the same time.
  const module = new URL(`readme-${name}-${process.pid}.mjs`, import.meta.url)
  await writeFile(module, code)
  try {
    await import(module.href)
  } finally {
    await rm(module)
  }
}

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const [login = '', ...others] = Array.from(
  readme.matchAll(/```ts\n(.*?)```/gs),
  ([, code = '']) => code,
)

test('the login in the README runs as it is and ends with a key that works', async (t) => {
  const last = 'await authenticateApiKey(reply.apiKey)'
  t.true(login.includes(last))
  await run('login', login.replace(last, `globalThis.readmeResult = ${last}`))
  t.like(Reflect.get(globalThis, 'readmeResult'), { outcome: 'valid', owner: 'ann' })
})

test('every other code block in the README runs as it is and its assertions hold', async (t) => {
  t.true(others.length > 0)
  for (const [i, code] of others.entries()) {
    t.regex(code, /^assert\./m)
    await t.notThrowsAsync(run(String(i), code))
  }
})
