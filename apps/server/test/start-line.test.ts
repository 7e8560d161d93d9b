import test from 'ava'
import { startTestServer } from './test-server.ts'

test('the first line says how many wrong codes all people may enter', async (t) => {
  for (const [env, expected] of [
    [{ WRONG_CODE_CEILING: '250' }, 250],
    [{}, undefined],
  ] as const) {
    const server = await startTestServer(env)
    t.teardown(server.stop)
    const line = server.log
      .map((text) => JSON.parse(text))
      .find(({ msg }) => msg === 'server started')
    t.is(line?.wrongCodesOfEveryone, expected ?? server.settings.policy.wrongCodesOfEveryone)
  }
})
