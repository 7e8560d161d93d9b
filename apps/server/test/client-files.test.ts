import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isSecretOf } from '@device-grant/core'
import { spawnProgram } from '@device-grant/test-support/spawned-program'
import { Ajv } from 'ajv'
import test, { type ExecutionContext } from 'ava'
import { newClientSecret } from '#src/clients/client-secret.js'
import { type ClientFiles, loadClientFiles } from '#src/clients/load-client-files.js'
import { ConfigError, readConfig } from '#src/config.js'
import { HASH, INVALID_FILES, INVALID_SCOPES, VALID_FILES } from './client-file-samples.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

type Env = Readonly<Record<string, string>>

const load = (env: Env): Promise<ClientFiles> => loadClientFiles(readConfig(env))

const errorsOf = async (env: Env): Promise<readonly string[]> => {
  try {
    await load(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.errors
    throw error
  }
}

/** Loads one file of clients. */
const loadFile = async (t: ExecutionContext, content: unknown): Promise<ClientFiles> => {
  const folder = await tempFolder(t)
  return load({ CLIENTS_FILE: await folder.write('clients.json', content) })
}

const errorsOfFile = async (
  t: ExecutionContext,
  content: unknown,
  variable = 'CLIENTS_FILE',
): Promise<readonly string[]> => {
  const folder = await tempFolder(t)
  return errorsOf({ [variable]: await folder.write('file.json', content) })
}

const readSchema = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), 'utf8'))

const ajv = new Ajv({ strictTypes: false })
ajv.addSchema(await readSchema('clients.schema.json'), 'clients.schema.json')
const isValid = (schema: string, file: unknown): boolean =>
  // What JSON leaves out is absent.
  Boolean(ajv.validate(schema, JSON.parse(JSON.stringify(file))))
ajv.addSchema(await readSchema('scopes.schema.json'), 'scopes.schema.json')

for (const [title, file] of VALID_FILES) {
  test(`a valid file, also for the schema: ${title}`, async (t) => {
    t.deepEqual(await errorsOfFile(t, file), [])
    t.true(isValid('clients.schema.json', file))
  })
}

for (const { title, file, errors, isBeyondSchema = false } of INVALID_FILES) {
  const also = isBeyondSchema ? 'though not for the schema' : 'also for the schema'
  test(`an invalid file, ${also}: ${title}`, async (t) => {
    const named = await errorsOfFile(t, file)
    t.deepEqual(named.toSorted(), errors.map((error) => `CLIENTS_FILE: ${error}`).toSorted())
    t.is(isValid('clients.schema.json', file), isBeyondSchema)
  })
}

for (const { title, file: scopes, errors } of INVALID_SCOPES) {
  test(`invalid scopes in both files and schemas: ${title}`, async (t) => {
    const named = (variable: string): readonly string[] =>
      errors.map((error) => `${variable}: ${error}`)
    t.deepEqual(await errorsOfFile(t, { clients: [], scopes }), named('CLIENTS_FILE'))
    t.deepEqual(await errorsOfFile(t, { scopes }, 'SCOPES_FILE'), named('SCOPES_FILE'))
    t.false(isValid('clients.schema.json', { clients: [], scopes }))
    t.false(isValid('scopes.schema.json', { scopes }))
  })
}

test('the file in docs/registered-clients.md is valid, and the table names every member of a client', async (t) => {
  const docs = await readFile(
    new URL('../../../docs/registered-clients.md', import.meta.url),
    'utf8',
  )
  const [, file = ''] = /```json\n(.+?)```/s.exec(docs) ?? []
  t.deepEqual(await errorsOfFile(t, file), [])
  t.true(isValid('clients.schema.json', JSON.parse(file)))
  const { definitions } = (await readSchema('clients.schema.json')) as {
    readonly definitions: Readonly<Record<string, { readonly properties: object }>>
  }
  for (const name of ['client', 'scope']) {
    const members = Object.keys(definitions[name]?.properties ?? {})
    t.true(members.length > 3)
    for (const member of members) t.regex(docs, new RegExp(`^\\| [^|]*\`${member}\``, 'm'))
  }
})

test('a client has what its file says', async (t) => {
  const [, file] = VALID_FILES.find(([title]) => title === 'every member of a client') ?? []
  const { clients, scopes } = await loadFile(t, file)
  const { networks, trustedNetworks, ...client } = clients?.get('cli') ?? t.fail()
  t.deepEqual(client, {
    clientId: 'cli',
    name: {
      text: 'Acme CLI',
      translations: { de: 'Acme-Kommandozeile', 'de-AT': 'Acme 🙂' },
    },
    homepage: 'https://acme.example/cli',
    authentication: {
      method: 'client_secret_basic',
      secretHashes: ['A'.repeat(43), `${'B'.repeat(42)}A`],
    },
    usesDeviceGrant: true,
    scopes: ['projects:read', 'admin'],
    defaultScopes: ['projects:read'],
    keyLifetimesMs: [86_400_000, 60_000],
    mayBeWebPage: false,
    mayIntrospect: true,
    resources: ['https://api.example/v1', 'urn:example:api'],
  })
  for (const [address, isIn] of [
    ['192.0.2.7', true],
    ['192.0.3.7', false],
    ['2001:db8::1', true],
    ['2001:db8::2', false],
    ['10.0.0.1', false],
  ] as const) {
    t.is(networks?.has(address), isIn, address)
  }
  t.true(trustedNetworks?.has('10.0.0.1'))
  t.false(trustedNetworks?.has('11.0.0.1'))
  t.deepEqual(
    [...(scopes ?? [])],
    [
      [
        'projects:read',
        {
          description: { text: 'See your projects', translations: { de: 'Projekte sehen' } },
          required: undefined,
          default: undefined,
          sensitive: undefined,
        },
      ],
      [
        'admin',
        { description: { text: 'Do all' }, required: true, default: false, sensitive: true },
      ],
    ],
  )
})

test('a client without a name is shown by its id, and its other members have defaults', async (t) => {
  const { clients, scopes } = await loadFile(t, {
    clients: [{ client_id: 'cli', token_endpoint_auth_method: 'none' }],
  })
  t.is(scopes, undefined)
  const given = Object.entries(clients?.get('cli') ?? {}).filter(([, value]) => value !== undefined)
  t.deepEqual(Object.fromEntries(given), {
    clientId: 'cli',
    name: { text: 'cli' },
    authentication: { method: 'none' },
  })
})

test('a client whose grant types lack the device grant may not use it', async (t) => {
  const uses = async (grant_types: readonly string[]) => {
    const { clients } = await loadFile(t, {
      clients: [{ client_id: 'cli', token_endpoint_auth_method: 'none', grant_types }],
    })
    return clients?.get('cli')?.usesDeviceGrant
  }
  t.false(await uses([]))
  t.false(await uses(['client_credentials']))
  t.true(await uses(['urn:ietf:params:oauth:grant-type:device_code']))
})

const NO_JSON: readonly (readonly [content: string | Uint8Array, error: string])[] = [
  ['', 'is no JSON, see line 1, column 1'],
  ['{"clients": [', 'is no JSON, see line 1, column 14'],
  ['{\n  "clients": [],\n}', 'is no JSON, see line 3, column 1'],
  ['{\n  "clients": [hunter2]\n}', 'is no JSON, see line 2, column 15'],
  ['{"clients": tru}', 'is no JSON, see line 1, column 16'],
  ['{"clients" []}', 'is no JSON, see line 1, column 12'],
  ['{"clients": []} hunter2', 'is no JSON, see line 1, column 17'],
  ['{"clients": "\\x"}', 'is no JSON, see line 1, column 15'],
  ["{'clients': []}", 'is no JSON, see line 1, column 2'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'is no text in UTF-8'],
  ['[]', 'the file must be an object'],
  ['null', 'the file must be an object'],
]
for (const [content, error] of NO_JSON) {
  test(`a file that is no JSON object: ${JSON.stringify(String(content))}`, async (t) => {
    t.deepEqual(await errorsOfFile(t, content), [`CLIENTS_FILE: ${error}`])
  })
}

test('a byte order mark is no mistake', async (t) => {
  t.deepEqual(await errorsOfFile(t, '\ufeff{"clients": []}'), [])
})

test('a member that is there twice is a mistake wherever it is', async (t) => {
  const file = `{
    "clients": [
      { "client_id": "a", "token_endpoint_auth_method": "none", "scope": "a", "scope": "b" },
      { "client_id": "b:{[,", "token_endpoint_auth_method": "none", "resources": ["a:b", "\\"a:b,"],
        "client_n\\u0061me": "B", "client_name": "B" }
    ],
    "scopes": { "a": { "description": "A" }, "b": { "description": "A" } },
    "clients": []
  }`
  t.deepEqual(await errorsOfFile(t, file), [
    'CLIENTS_FILE: clients[0].scope is there twice',
    'CLIENTS_FILE: clients[1].client_name is there twice',
    'CLIENTS_FILE: clients is there twice',
  ])
})

test('files that cannot be read are named with the reason', async (t) => {
  const { path } = await tempFolder(t)
  t.deepEqual(await errorsOf({ CLIENTS_FILE: join(path, 'none'), SCOPES_FILE: path }), [
    'CLIENTS_FILE: cannot be read (ENOENT)',
    'SCOPES_FILE: cannot be read (EISDIR)',
  ])
})

const NOTHING_WRONG = { client_id: 'cli', token_endpoint_auth_method: 'none', scope: 'a' }
const CATALOGUE = { a: { description: 'A' } }

test('scopes may be in a file of their own, and the clients must fit them', async (t) => {
  const folder = await tempFolder(t)
  const CLIENTS_FILE = await folder.write('clients.json', { clients: [NOTHING_WRONG] })
  const SCOPES_FILE = await folder.write('scopes.json', { $schema: 'x', scopes: CATALOGUE })
  const { scopes, clients } = await load({ CLIENTS_FILE, SCOPES_FILE })
  t.deepEqual([...(scopes?.keys() ?? [])], ['a'])
  t.deepEqual([...(clients?.keys() ?? [])], ['cli'])
  t.true(isValid('scopes.schema.json', { $schema: 'x', scopes: CATALOGUE }))
  await folder.write('scopes.json', { scopes: { b: CATALOGUE.a } })
  t.deepEqual(await errorsOf({ CLIENTS_FILE, SCOPES_FILE }), [
    'CLIENTS_FILE: clients[0].scope has a, which scopes lacks',
  ])
})

test('scopes alone need no clients', async (t) => {
  const folder = await tempFolder(t)
  const SCOPES_FILE = await folder.write('scopes.json', { scopes: CATALOGUE })
  const { scopes, clients } = await load({ SCOPES_FILE })
  t.deepEqual([...(scopes?.keys() ?? [])], ['a'])
  t.is(clients, undefined)
})

test('scopes in both files are a mistake', async (t) => {
  const folder = await tempFolder(t)
  const file = { clients: [NOTHING_WRONG], scopes: CATALOGUE }
  const CLIENTS_FILE = await folder.write('clients.json', file)
  const SCOPES_FILE = await folder.write('scopes.json', { scopes: CATALOGUE })
  t.deepEqual(await errorsOf({ CLIENTS_FILE, SCOPES_FILE }), [
    'CLIENTS_FILE: scopes is also in SCOPES_FILE: keep one of them',
  ])
})

test('SCOPES_FILE has scopes and nothing else', async (t) => {
  const errors = await errorsOfFile(t, { clients: [] }, 'SCOPES_FILE')
  t.deepEqual(errors, [
    'SCOPES_FILE: the file must have scopes',
    'SCOPES_FILE: clients is an unknown member',
  ])
  t.false(isValid('scopes.schema.json', { clients: [] }))
  t.false(isValid('scopes.schema.json', { scopes: CATALOGUE, clients: [] }))
})

test('mistakes of both files are named at once', async (t) => {
  const folder = await tempFolder(t)
  const errors = await errorsOf({
    CLIENTS_FILE: await folder.write('clients.json', '{'),
    SCOPES_FILE: await folder.write('scopes.json', { scopes: [] }),
  })
  t.deepEqual(errors.toSorted(), [
    'CLIENTS_FILE: is no JSON, see line 1, column 2',
    'SCOPES_FILE: scopes must be an object',
  ])
})

for (const [env, most] of [
  [{ API_KEY_LIFETIMES: '60,3600' }, 3600],
  [{ API_KEY_TTL: '60' }, 60],
  [{ API_KEY_LIFETIMES: '60', API_KEY_MAX_TTL: '7200' }, 7200],
] as const) {
  test(`the longest lifetime of a client is ${most} s with ${JSON.stringify(env)}`, async (t) => {
    const folder = await tempFolder(t)
    const write = (key_lifetimes: readonly number[]) =>
      folder.write('clients.json', { clients: [{ ...NOTHING_WRONG, key_lifetimes }] })
    t.deepEqual(await errorsOf({ ...env, CLIENTS_FILE: await write([most]) }), [])
    t.deepEqual(await errorsOf({ ...env, CLIENTS_FILE: await write([1, most + 1]) }), [
      `CLIENTS_FILE: clients[0].key_lifetimes[1] is above ${most}, the maximum of API_KEY_MAX_TTL`,
    ])
  })
}

/** Writes a file of one client with this logo. */
const withLogo = (folder: TempFolder, logo_file: string): Promise<string> =>
  folder.write('clients.json', { clients: [{ ...NOTHING_WRONG, logo_file }] })

for (const [name, mediaType] of [
  ['logo.svg', 'image/svg+xml'],
  ['logo.png', 'image/png'],
  ['a.b.jpg', 'image/jpeg'],
  ['logo.jpeg', 'image/jpeg'],
  ['logo.webp', 'image/webp'],
] as const) {
  test(`a logo is read from a path relative to the file: ${name}`, async (t) => {
    const folder = await tempFolder(t)
    await mkdir(join(folder.path, 'logos'))
    const body = Buffer.alloc(256 * 1024, 7)
    await folder.write(join('logos', name), body)
    const { clients } = await load({ CLIENTS_FILE: await withLogo(folder, `logos/${name}`) })
    const logo = clients?.get('cli')?.logo
    t.is(logo?.mediaType, mediaType)
    t.true(logo && body.equals(logo.body))
  })
}

for (const [content, error] of [
  [undefined, 'cannot be read (ENOENT)'],
  [Buffer.alloc(0), 'names an empty file'],
  [Buffer.alloc(256 * 1024 + 1), 'names a file of more than 256 KiB'],
] as const) {
  test(`a logo is refused: it ${error}`, async (t) => {
    const folder = await tempFolder(t)
    if (content) await folder.write('logo.png', content)
    t.deepEqual(await errorsOf({ CLIENTS_FILE: await withLogo(folder, 'logo.png') }), [
      `CLIENTS_FILE: clients[0].logo_file ${error}`,
    ])
  })
}

test('no error repeats a value that may be secret', async (t) => {
  const secret = 'hunter2'
  const wrong = {
    client_id: [secret],
    client_name: `${secret}\n`,
    client_secret: secret,
    client_uri: `https://u:${secret}@a.example`,
    logo_file: secret,
    token_endpoint_auth_method: secret,
    client_secret_hashes: [secret],
    jwks: { keys: [{ kty: secret, k: secret, d: secret }] },
    jwks_uri: `http://u:${secret}@a.example`,
    networks: [secret],
    resources: [secret],
  }
  const errors = await errorsOfFile(t, { clients: [wrong] })
  t.is(errors.length, 13)
  t.false(errors.join().includes(secret))
  const noJson = await errorsOfFile(t, `{"clients": ${secret}}`)
  t.is(noJson.length, 1)
  t.false(noJson.join().includes(secret))
})

test('a new client secret fits the hash that is printed beside it', async (t) => {
  const [secret = '', hash = ''] = newClientSecret().split('\n')
  t.regex(secret, /^[\w-]{43}$/)
  t.is(hash, `sha256:${createHash('sha256').update(secret).digest('base64url')}`)
  t.not(newClientSecret().split('\n')[0], secret)
  const { clients } = await loadFile(t, {
    clients: [
      {
        client_id: 'cli',
        token_endpoint_auth_method: 'client_secret_post',
        client_secret_hashes: [HASH, hash],
      },
    ],
  })
  const client = clients?.get('cli') ?? t.fail()
  t.true(isSecretOf(client, secret))
  t.false(isSecretOf(client, hash))
})

test('10 000 clients are read within a second of processor time', async (t) => {
  const folder = await tempFolder(t)
  const clients = Array.from({ length: 10_000 }, (_, i) => ({
    client_id: `client-${i}`,
    client_name: `Client ${i}`,
    'client_name#de': `Programm ${i}`,
    token_endpoint_auth_method: i % 2 ? 'client_secret_basic' : 'none',
    ...(i % 2 && { client_secret_hashes: [HASH] }),
    scope: 'a',
    key_lifetimes: [86_400, 2_592_000],
    networks: [`10.${i >> 8}.${i & 0xff}.0/24`, '2001:db8::/32'],
  }))
  const CLIENTS_FILE = await folder.write('clients.json', { clients, scopes: CATALOGUE })
  // A process of its own, because the other tests of this one use its processor time too.
  const program = spawnProgram(t, process.execPath, [
    '--input-type=module',
    '--eval',
    `import { loadClientFiles } from '${new URL('../dist/clients/load-client-files.js', import.meta.url)}'
     import { readConfig } from '${new URL('../dist/config.js', import.meta.url)}'
     const before = process.cpuUsage()
     const { clients } = await loadClientFiles(readConfig(${JSON.stringify({ CLIENTS_FILE })}))
     const { user, system } = process.cpuUsage(before)
     console.log(clients.size, (user + system) / 1000)`,
  ])
  const [, size, ms] = await program.prints(/^(\d+) ([\d.]+)$/m)
  t.is(size, '10000')
  t.true(Number(ms) < 1_000, `${ms} ms`)
})
