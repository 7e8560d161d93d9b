import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { formatApiKey } from '@device-grant/core'
import { PATH_WITH_GO } from '@device-grant/test-support/path-with-go'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { UsageError } from '#src/commands/command.js'
import { secretPattern, secretPatternOf } from '#src/secret-scanning/secret-pattern.js'
import { tempFolder } from './temp-folder.ts'

const PREFIXES = ['dg_', 'acme-', 'a.b_', '1~', 'X', 'sk_live_0123456789_0123456789ab'] as const

/** The same key at every call. */
const aKey = (prefix: string): string =>
  formatApiKey({ prefix, keyId: '0GSUisErIo4gm6Ox2tFZ4S', secret: new Uint8Array(32).fill(7) })

/** What the command prints with this prefix and these flags. */
const printed = async (prefix: string, ...flags: readonly string[]): Promise<string> => {
  let out = ''
  await secretPattern.run(flags, {
    env: { API_KEY_PREFIX: prefix },
    stdin: process.stdin,
    out: (text) => {
      out += text
    },
    err: () => {},
  })
  return out
}

interface TruffleHogConfig {
  readonly detectors: readonly {
    readonly name: string
    readonly keywords: readonly string[]
    readonly regex: Readonly<Record<string, string>>
  }[]
}

/** The three expressions, with the text around each as its scanner reads it. */
const expressionsOf = async (t: ExecutionContext, prefix: string): Promise<readonly string[]> => {
  const plain = await printed(prefix)
  const gitleaks = await printed(prefix, '--gitleaks')
  t.true(gitleaks.includes(`keywords = ["${prefix.toLowerCase()}"]`))
  const [, inGitleaks = ''] = /^regex = '''(.+)'''$/m.exec(gitleaks) ?? []
  const { detectors, ...others } = parse(await printed(prefix, '--trufflehog')) as TruffleHogConfig
  t.deepEqual(others, {})
  const [detector] = detectors
  t.like(detector, { name: 'device-grant-api-key', keywords: [prefix.toLowerCase()] })
  return [plain.trimEnd(), inGitleaks, detector?.regex['key'] ?? '']
}

for (const prefix of PREFIXES) {
  test(`the pattern and the rules find keys that begin with ${prefix}, and their whole text`, async (t) => {
    const key = aKey(prefix)
    for (const expression of await expressionsOf(t, prefix)) {
      t.true(expression.length > 0)
      t.notRegex(expression, /\(\?|'/, 'RE2 has no look-around, and quotes would end the text')
      for (const text of [
        key,
        `export KEY=${key}\n`,
        `{"key":"${key}"}`,
        `Authorization: Bearer ${key}`,
        `"line one\\n${key}\\n"`,
        `https://api.example/?access_token=${key}&x=1`,
        `MY${key}.`,
        `<${key}>`,
      ]) {
        t.deepEqual(text.match(new RegExp(expression, 'g')), [key], text)
      }
    }
  })

  test(`the pattern finds no other text that begins with ${prefix}`, (t) => {
    const pattern = new RegExp(secretPatternOf(prefix))
    const key = aKey(prefix)
    for (const text of [
      '',
      prefix,
      key.slice(0, -1),
      `${key}x`,
      key.slice(prefix.length),
      `${prefix}${'a'.repeat(72)}`,
      `${prefix}${'a'.repeat(21)}_${'b'.repeat(49)}`,
      `${prefix}${'a'.repeat(22)}-${'b'.repeat(49)}`,
      `${prefix}${'a'.repeat(22)}_${'b'.repeat(48)}-`,
    ]) {
      t.notRegex(text, pattern, text)
    }
  })
}

test('a dot of the prefix stands for a dot only', (t) => {
  t.notRegex(aKey('axb_'), new RegExp(secretPatternOf('a.b_')))
})

test('one of the two flags may be given', async (t) => {
  await t.throwsAsync(printed('dg_', '--gitleaks', '--trufflehog'), { instanceOf: UsageError })
})

/** Runs gitleaks. Returns its exit status, or `undefined` if there is no such program. */
const gitleaks = async (...args: readonly string[]): Promise<number | undefined> => {
  try {
    await promisify(execFile)('gitleaks', args, { env: { PATH: PATH_WITH_GO } })
    return 0
  } catch (error) {
    const { code } = error as { readonly code?: number | string }
    return typeof code === 'number' ? code : undefined
  }
}

test('gitleaks finds keys with the rules', async (t) => {
  if ((await gitleaks('version')) === undefined) {
    return reportSkipped('there is no gitleaks to run its rules with (go install, see .ci/run)')
  }
  for (const prefix of PREFIXES) {
    const folder = await tempFolder(t)
    const config = await folder.write('rules.toml', await printed(prefix, '--gitleaks'))
    const reportPath = join(folder.path, 'report.json')
    const found = async (text: string): Promise<readonly string[]> => {
      const file = await folder.write('text.md', text)
      const flags = ['--exit-code', '3', '--report-format', 'json', '--report-path', reportPath]
      const status = await gitleaks('dir', file, '--config', config, ...flags)
      const findings = JSON.parse(await readFile(reportPath, 'utf8')) as readonly Finding[]
      t.is(status, findings.length > 0 ? 3 : 0)
      return findings
        .filter(({ RuleID }) => RuleID === 'device-grant-api-key')
        .map(({ Secret }) => Secret)
    }
    const key = aKey(prefix)
    t.deepEqual(await found(`see \`${key}\` there\n`), [key])
    t.deepEqual(await found(`see \`${key.slice(0, -1)}\` there\n`), [])
  }
})

interface Finding {
  readonly RuleID: string
  readonly Secret: string
}
