import { formatApiKey } from '@device-grant/core'
import test from 'ava'
import { secretPattern, secretPatternOf } from '#src/secret-scanning/secret-pattern.js'

const PREFIXES = ['dg_', 'acme-', 'a.b_', '1~', 'X', 'sk_live_0123456789_0123456789ab'] as const

/** The same key at every call. */
const aKey = (prefix: string): string =>
  formatApiKey({ prefix, keyId: '0GSUisErIo4gm6Ox2tFZ4S', secret: new Uint8Array(32).fill(7) })

/** What the command prints with this prefix. */
const printed = async (prefix: string): Promise<string> => {
  let out = ''
  await secretPattern.run([], {
    env: { API_KEY_PREFIX: prefix },
    stdin: process.stdin,
    out: (text) => {
      out += text
    },
    err: () => {},
  })
  return out
}

/** The three expressions of the output, with the text around each as its scanner reads it. */
const expressionsIn = (out: string): readonly string[] => {
  const [, plain = ''] = /^# Regular expression\n(.+)$/m.exec(out) ?? []
  const [, gitleaks = ''] = /^regex = '''(.+)'''$/m.exec(out) ?? []
  const [, truffleHog = ''] = /^ {6}key: '(.+)'$/m.exec(out) ?? []
  return [plain, gitleaks, truffleHog]
}

for (const prefix of PREFIXES) {
  test(`the pattern and the rules find keys that begin with ${prefix}, and their whole text`, async (t) => {
    const key = aKey(prefix)
    const out = await printed(prefix)
    t.true(out.includes(`keywords = ["${prefix.toLowerCase()}"]`))
    t.true(out.includes(`      - '${prefix.toLowerCase()}'\n`))
    for (const expression of expressionsIn(out)) {
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
