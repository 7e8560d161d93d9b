import { readFile } from 'node:fs/promises'
import { MongoApiKeyStore } from '@device-grant/adapter-mongo'
import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import test from 'ava'
import { authorizeDevice, container } from './composed-container.ts'

test('the composition that docs/architecture.md shows is this one', async (t) => {
  const text = await readFile(new URL('../test/composed-container.ts', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const docs = await readFile(new URL('../../../docs/architecture.md', import.meta.url), 'utf8')
  t.true(docs.includes(`\`\`\`ts\n${shown.trim()}\n\`\`\``))
})

test('it gives a use case that works, on the stores and the policy that were bound', async (t) => {
  const { expiresIn, userCode } = await authorizeDevice({ clientId: 'cli', device: {} })
  t.is(expiresIn, 300)
  const question = { userCode, person: 'ann' }
  t.is((await get(container, TOKENS.ReviewUserCode)(question)).outcome, 'pending')
  t.true(get(container, TOKENS.ApiKeys) instanceof MongoApiKeyStore)
})
