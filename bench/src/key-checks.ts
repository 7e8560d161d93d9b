import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { end } from '@device-grant/test-support/owned-process'
import { type Comparison, compareRates, type Side } from './compare.ts'
import { say, spreadOf, verdict } from './report.ts'
import { startKeyCheckApp } from './servers.ts'
import { slices } from './settings.ts'

/** Compares the same answer with and without a key check, in one application. */
export const compareKeyChecks = async (): Promise<void> => {
  const mongo = await ownMongoServer('the key checks of the benchmark')
  const app = await startKeyCheckApp(mongo?.uri)
  const side = (path: string): Side => ({
    server: app,
    target: {
      port: app.port,
      path,
      nextForm: () => '',
      status: 'HTTP/1.1 200',
      answers: ['{"ok":true}'],
      authorization: `Bearer ${app.apiKey}`,
    },
  })
  const ratio = async (
    what: string,
    checked: string,
    other: string,
  ): Promise<Comparison['ratio']> => {
    const { ratio: found } = await compareRates(side(checked), side(other), slices)
    say(`\n${what}`)
    say(`  ratio by requests/s ${spreadOf(found.perSecond, 2)}`)
    say(`  ratio by CPU second ${spreadOf(found.perCpuSecond, 2)}`)
    return found
  }
  const hot = await ratio('a key that was just checked, beside no check', '/hot', '/empty')
  say(
    `  => ${hot.perSecond.median.toFixed(2)}, target ≥ 0.85: ${verdict(hot.perSecond.median >= 0.85)}`,
  )
  if (mongo) {
    const uncached = await ratio(
      'a key that is read each time, beside a findOne',
      '/uncached',
      '/find-one',
    )
    const cpu = 1 / uncached.perCpuSecond.median
    say(`  => ${cpu.toFixed(2)} times the CPU, target ≤ 1.3: ${verdict(cpu <= 1.3)}`)
  }
  await end(app.child, 'SIGTERM')
  await mongo?.stop()
}
