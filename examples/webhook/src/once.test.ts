import test from 'ava'
import { createOnce } from './once.ts'

test('a message that failed is handled again, and one that succeeded is not', async (t) => {
  const once = createOnce()
  let attempts = 0
  const handle = async (): Promise<void> => {
    attempts += 1
    if (attempts === 1) throw new Error('no mail server')
  }
  await t.throwsAsync(once('a', handle), { message: 'no mail server' })
  await once('a', handle)
  await once('a', handle)
  t.is(attempts, 2)
})

test('a message that arrives again while it is handled waits for the result', async (t) => {
  const once = createOnce()
  let attempts = 0
  let fail = (): void => {}
  const handle = (): Promise<void> => {
    attempts += 1
    return new Promise((_, reject) => {
      fail = () => reject(new Error('no mail server'))
    })
  }
  const both = [once('a', handle), once('a', handle)]
  fail()
  for (const each of both) await t.throwsAsync(each, { message: 'no mail server' })
  t.is(attempts, 1)
})

test('the oldest ids are forgotten', async (t) => {
  const once = createOnce(2)
  const handled: string[] = []
  const handle = (id: string): Promise<void> =>
    once(id, async () => {
      handled.push(id)
    })
  for (const id of ['a', 'b', 'c', 'b', 'a']) await handle(id)
  t.deepEqual(handled, ['a', 'b', 'c', 'a'])
})
