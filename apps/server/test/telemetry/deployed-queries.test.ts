import { readFile } from 'node:fs/promises'
import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { parse } from 'yaml'
import { startTestServer } from '../test-server.ts'
import { parseMetrics } from './prometheus-text.ts'

const read = (name: string): Promise<string> =>
  readFile(new URL(`../../../../deploy/${name}`, import.meta.url), 'utf8')

/** Labels that Prometheus adds. */
const OF_PROMETHEUS = ['job', 'instance']

interface Selector {
  readonly metric: string
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[]
}

/** The selectors of a query, such as `device_grant_polls_total{outcome="granted"}`. */
const selectorsOf = (query: string): readonly Selector[] =>
  [...query.matchAll(/\b((?:device_grant|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      matchers: [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => [label, operator, value] as const,
      ),
    }),
  )

const dashboard = async (): Promise<readonly string[]> => {
  const { panels, templating } = JSON.parse(await read('grafana-dashboard.json'))
  const queries = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr),
  )
  return [...queries, templating.list[1].query.query]
}

const alerts = async (): Promise<readonly string[]> =>
  parse(await read('alerts.yaml')).groups.flatMap(({ rules }: { rules: { expr: string }[] }) =>
    rules.map(({ expr }) => expr),
  )

for (const [what, queries] of [
  ['the dashboard', dashboard],
  ['the alert rules', alerts],
] as const) {
  test(`every series that ${what} asks for exists`, async (t) => {
    const metricsPort = await freePort()
    const server = await startTestServer({
      METRICS_PORT: String(metricsPort),
      SESSION_SECRET: 'a secret of thirty-two characters',
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    })
    t.teardown(server.stop)
    const url = `http://127.0.0.1:${metricsPort}`
    const { text } = await send(url, { method: 'GET', path: '/metrics' })
    const series = [...parseMetrics(text).keys()]
    for (const query of await queries()) {
      const selectors = selectorsOf(query)
      t.true(selectors.length > 0, query)
      for (const { metric, matchers } of selectors) {
        const own = series.filter((name) => name === metric || name.startsWith(`${metric}{`))
        t.true(own.length > 0, `${metric} does not exist`)
        for (const [label, operator, value] of matchers) {
          if (OF_PROMETHEUS.includes(label)) continue
          const values = operator.endsWith('~') ? value.split('|') : [value]
          for (const one of values) {
            t.true(
              own.some((name) => name.includes(`${label}="${one}"`)),
              `${metric} has no ${label}="${one}"`,
            )
          }
        }
      }
    }
  })
}

test('every rule has a name of its own, a severity and a summary', async (t) => {
  const { groups } = parse(await read('alerts.yaml'))
  const rules = groups.flatMap(({ rules: some }: { rules: object[] }) => some)
  t.is(new Set(rules.map(({ alert }: { alert: string }) => alert)).size, rules.length)
  for (const { alert, labels, annotations } of rules) {
    t.regex(alert, /^DeviceGrant\w+$/)
    t.regex(labels.severity, /^(page|warn)$/)
    t.true(annotations.summary.length > 10)
  }
})
