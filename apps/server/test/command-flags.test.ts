import { join } from 'node:path'
import { Readable } from 'node:stream'
import test from 'ava'
import { EXIT } from '#src/commands/command.js'
import { COMMANDS } from '#src/commands/commands.js'
import { runCommand } from '#src/commands/run-command.js'

const LEAKED = `dg_${'a'.repeat(22)}_${'b'.repeat(49)}`

interface Run {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/** Runs a command in this process. */
const run = async (args: readonly string[], { env = {}, input = '' }: Run = {}) => {
  let [out, err] = ['', '']
  const status = await runCommand(args, {
    env,
    stdin: Readable.from(input === '' ? [] : [input]),
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
  })
  return { status, out, err }
}

for (const name of ['login', 'whoami', 'logout']) {
  test(`${name} refuses what is no address, and prints its usage`, async (t) => {
    const { status, out, err } = await run([name, 'localhost'], { env: { XDG_CONFIG_HOME: '/x' } })
    t.is(status, EXIT.usage)
    t.is(out, '')
    t.true(err.includes(`keeps the key in\n${join('/x', 'device-grant')}.\n`))
    t.is((await run([name, '--nonsense'])).status, EXIT.usage)
    t.true(err.includes('localhost is not an http:// or https:// address.'))
    t.true(err.includes(`device-grant ${name} [base URL]`))
  })
}

const WRONG: readonly (readonly [args: string, error: RegExp])[] = [
  ['keys', /use one of keys list, keys show, keys revoke, keys erase/],
  ['keys lst', /use one of keys list/],
  ['keys list --ower ann', /^Unknown flag --ower\./],
  ['keys list -x', /^Unknown flag -x\./],
  ['keys list --owner', /^--owner needs a value/],
  ['keys list --owner --json', /^--owner needs a value/],
  ['keys list --owner=', /^--owner needs a value/],
  ['keys list --owner ann --owner bob', /^--owner is there more than once/],
  ['keys list --json --json', /^--json is there more than once/],
  ['keys list --json=yes', /^--json takes no value/],
  ['keys list --status live', /^--status must be one of waiting, unused, active/],
  ['keys list --limit 0', /^--limit must be a whole number from 1 to 1000/],
  ['keys list --limit 1001', /^--limit must be/],
  ['keys list --limit ten', /^--limit must be/],
  ['keys list --after x', /^--after must be what an earlier list printed/],
  ['keys show', /needs one of --id, --key, and only one/],
  ['keys show --owner ann', /^Unknown flag --owner/],
  ['keys show --id x --key', /and only one/],
  ['keys revoke', /needs one of --owner, --client, --id, --key, and only one/],
  ['keys revoke --owner ann --client cli', /and only one/],
  ['keys revoke --status active', /^Unknown flag --status/],
  ['keys erase', /^keys erase needs --owner/],
  ['keys erase --client cli', /^Unknown flag --client/],
  [`keys revoke --key ${LEAKED}`, /^An argument is no flag.*standard input/],
  [`keys revoke --key=${LEAKED}`, /^--key takes no value/],
  [`keys revoke ${LEAKED}`, /^An argument is no flag/],
  [`keys revoke --${LEAKED}`, /^Unknown flag/],
  ['check now', /^An argument is no flag/],
  ['admin-token --name x', /^Unknown flag --name/],
  ['secret-pattern --prefix x', /^Unknown flag --prefix/],
]
for (const [args, error] of WRONG) {
  test(`wrong flags are one line, with status 2: ${args.slice(0, 50)}`, async (t) => {
    const env = { MONGODB_URI: 'mongodb://nowhere.invalid' }
    const { status, out, err } = await run(args.split(' '), { env })
    t.is(status, EXIT.usage)
    t.is(out, '')
    t.regex(err, error)
    t.regex(err, /See --help\.\n$/)
    t.is(err.split('\n').length, 2)
    t.false(err.includes(LEAKED.slice(-49)), 'a key is never printed')
  })
}

test('a word that begins no command is left to the caller', async (t) => {
  t.is((await run(['kyes'])).status, undefined)
  t.is((await run(['--port'])).status, undefined)
})

for (const { name } of COMMANDS) {
  test(`help of ${name} starts nothing`, async (t) => {
    const { status, out, err } = await run([...name.split(' '), '--help'])
    t.is(status, EXIT.done)
    t.true(out.includes(`device-grant ${name}`))
    t.is(err, '')
  })
}

for (const args of [
  ['keys', 'list'],
  ['keys', 'show', '--id', 'x'],
  ['keys', 'revoke', '--owner', 'ann'],
  ['keys', 'erase', '--owner', 'ann'],
]) {
  test(`without a store of keys there is nothing to do: ${args.join(' ')}`, async (t) => {
    const { status, out, err } = await run(args, { env: { STORES: 'memory' } })
    t.is(status, EXIT.usage)
    t.is(out, '')
    t.regex(err, /^STORES=memory keeps the keys in the memory of the server/)
  })

  test(`wrong settings are all named: ${args.join(' ')}`, async (t) => {
    const env = { PORT: 'x', MONGODB_URI: 'mongodb://u:hunter2@h/?unknown=1' }
    const { status, err } = await run(args, { env })
    t.is(status, EXIT.usage)
    t.regex(err, /- PORT .*\n- MONGODB_URI: /)
    t.false(err.includes('hunter2'))
  })
}

for (const [input, error] of [
  ['', /which is empty/],
  [' \n', /which is empty/],
  ['one two', /more than one key/],
  ['x'.repeat(5_000), /too long/],
] as const) {
  test(`standard input is no key: ${JSON.stringify(input.slice(0, 10))}`, async (t) => {
    const env = { MONGODB_URI: 'mongodb://nowhere.invalid' }
    const { status, out, err } = await run(['keys', 'revoke', '--key'], { env, input })
    t.is(status, EXIT.usage)
    t.is(out, '')
    t.regex(err, error)
    t.false(err.includes('one two'))
  })
}

test('an admin token has 256 random bits, and its hash is printed for the file', async (t) => {
  const [one, other] = [await run(['admin-token']), await run(['admin-token'])]
  t.is(one.status, EXIT.done)
  const [token = '', hash = ''] = one.out.split('\n')
  t.regex(token, /^dga_[\w-]{43}$/)
  t.regex(hash, /^sha256:[\w-]{43}$/)
  t.deepEqual(JSON.parse(one.out.split('\n')[3] ?? ''), { tokens: [{ name: 'support', hash }] })
  t.not(other.out.split('\n')[0], token)
})
