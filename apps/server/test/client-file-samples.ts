import { generateKeyPairSync } from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** The hash of a client secret. */
export const HASH = `sha256:${'A'.repeat(43)}`
const OTHER_HASH = `sha256:${'B'.repeat(42)}A`

const keyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const EC_KEY = keyPair.publicKey.export({ format: 'jwk' })
const PRIVATE_KEY = keyPair.privateKey.export({ format: 'jwk' })
const rsaKey = (modulusLength: number): Json =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' })
const RSA_KEY = rsaKey(2048)
const ED_KEY = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
const X_KEY = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
const SECP_KEY = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({
  format: 'jwk',
})

const PUBLIC = { client_id: 'cli', token_endpoint_auth_method: 'none' }
const SECRET = {
  client_id: 'cli',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret_hashes: [HASH],
}
const SIGNING = {
  client_id: 'cli',
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [EC_KEY] },
}
const SCOPES = {
  'projects:read': { description: 'See your projects', 'description#de': 'Projekte sehen' },
  admin: { description: 'Do all', required: true, default: false, sensitive: true },
}

/** Files of clients that the server takes. */
export const VALID_FILES: readonly (readonly [title: string, file: Json])[] = [
  ['no client', { clients: [] }],
  ['the least of a client', { clients: [PUBLIC] }],
  ['a reference to the schema', { $schema: './clients.schema.json', clients: [] }],
  [
    'every member of a client',
    {
      clients: [
        {
          ...SECRET,
          client_name: 'Acme CLI',
          'client_name#de': 'Acme-Kommandozeile',
          'client_name#de-AT': 'Acme 🙂',
          client_uri: 'https://acme.example/cli',
          client_secret_hashes: [HASH, OTHER_HASH],
          scope: 'projects:read admin',
          default_scope: 'projects:read',
          key_lifetimes: [86_400, 60],
          networks: ['192.0.2.0/24', '2001:db8::1'],
          grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
          web: false,
          introspect: true,
          trusted_networks: ['10.0.0.0/8'],
          resources: ['https://api.example/v1', 'urn:example:api'],
        },
      ],
      scopes: SCOPES,
    },
  ],
  [
    'a secret in the body',
    { clients: [{ ...SECRET, token_endpoint_auth_method: 'client_secret_post' }] },
  ],
  [
    'keys of every kind',
    {
      clients: [
        {
          ...SIGNING,
          jwks: {
            keys: [{ ...EC_KEY, kid: 'a', alg: 'ES256', use: 'sig', x5t: '' }, RSA_KEY, ED_KEY],
          },
        },
      ],
    },
  ],
  [
    'an address of keys',
    { clients: [{ ...SIGNING, jwks: undefined, jwks_uri: 'https://acme.example/jwks?a=b' }] },
  ],
  ['scopes without a catalogue', { clients: [{ ...PUBLIC, scope: 'a b', default_scope: 'a' }] }],
  ['a default scope alone', { clients: [{ ...PUBLIC, default_scope: 'a' }] }],
  ['names of objects', { clients: [{ ...PUBLIC, client_id: '__proto__' }] }],
]

interface Invalid {
  readonly title: string
  readonly file: Json
  readonly errors: readonly string[]
  /** The schema cannot say what is wrong. */
  readonly isBeyondSchema?: true
}

/** A file with one client. */
const client = (title: string, members: Json, ...errors: readonly string[]): Invalid => ({
  title,
  file: { clients: [members] },
  errors: errors.map((error) => error.replace(/^(?=\W)/, 'clients[0]')),
})

/** The same, for a mistake that the schema cannot know. */
const beyond = (...row: Parameters<typeof client>): Invalid => ({
  ...client(...row),
  isBeyondSchema: true,
})

const NETWORK = 'is no address and no CIDR range'
const SCOPE = 'must be scopes with one space between them'
const LINE = 'must be 1 to 80 characters in one line'
const HASH_FORM = 'must be sha256: and a hash in base64url, as device-grant client-secret prints it'
const HTTPS = 'must be an https URL without user and fragment'
const ID = 'must be 1 to 256 printable ASCII characters, without spaces around them'
const PUBLIC_KEY = 'must be a public RSA key, or one on P-256, P-384, P-521, Ed25519'

const notFor = (method: string): string => `is not for token_endpoint_auth_method ${method}`

/** Files of clients with mistakes, and what the server says of them. */
export const INVALID_FILES: readonly Invalid[] = [
  { title: 'no clients', file: {}, errors: ['the file must have clients'] },
  {
    title: 'unknown members',
    file: { clients: [], client: 1, 'a b': 2 },
    errors: ['client is an unknown member', '["a b"] is an unknown member'],
  },
  { title: 'clients that are no list', file: { clients: {} }, errors: ['clients must be a list'] },
  {
    title: 'clients that are no objects',
    file: { clients: [PUBLIC, null, 'cli', []] },
    errors: [1, 2, 3].map((i) => `clients[${i}] must be an object`),
  },
  {
    title: 'one id for two clients',
    file: { clients: [PUBLIC, { ...PUBLIC, client_id: 'b' }, { ...PUBLIC, web: false }] },
    errors: ['clients[2].client_id is also the one of clients[0]'],
    isBeyondSchema: true,
  },
  client('an empty client', {}, ' must have client_id', ' must have token_endpoint_auth_method'),
  ...['', ' cli', 'cli ', 'clé', 'a\nb', 'a'.repeat(257)].map((client_id) =>
    client(`client_id ${JSON.stringify(client_id)}`, { ...PUBLIC, client_id }, `.client_id ${ID}`),
  ),
  client('client_id 1', { ...PUBLIC, client_id: 1 }, '.client_id must be a text'),
  ...['', ' ', 'a\nb', 'a\u0085', '🙂'.repeat(81)].map((client_name) =>
    client(
      `client_name ${JSON.stringify(client_name)}`,
      { ...PUBLIC, client_name },
      `.client_name ${LINE}`,
    ),
  ),
  client(
    'translations of no name',
    { ...PUBLIC, 'client_name#de': 'Kommandozeile' },
    ' must have client_name',
  ),
  client(
    'an invalid translation',
    { ...PUBLIC, client_name: 'CLI', 'client_name#de': '' },
    `["client_name#de"] ${LINE}`,
  ),
  ...['', 'd', 'de_AT', 'deutsch', 'de-', 'de#fr'].map((tag) =>
    client(
      `the language ${JSON.stringify(tag)}`,
      { ...PUBLIC, client_name: 'CLI', [`client_name#${tag}`]: 'CLI' },
      `["client_name#${tag}"] must have a language tag after #, such as de`,
    ),
  ),
  ...['acme.example', 'javascript:alert(1)', 'https://u:p@acme.example', 'https://a b'].map(
    (client_uri) =>
      client(
        `client_uri ${client_uri}`,
        { ...PUBLIC, client_uri },
        '.client_uri must be an https or http URL without user',
      ),
  ),
  beyond(
    'client_uri without a valid host',
    { ...PUBLIC, client_uri: 'https://[' },
    '.client_uri must be an https or http URL without user',
  ),
  ...['logo.gif', 'logo', '.svg', 'logos/.png', 'logo.PNG'].map((logo_file) =>
    client(
      `logo_file ${logo_file}`,
      { ...PUBLIC, logo_file },
      '.logo_file must end in .svg, .png, .jpg, .jpeg, .webp, and name a file',
    ),
  ),
  ...['None', 'client_secret_jwt', null, 1].map((token_endpoint_auth_method) =>
    client(
      `token_endpoint_auth_method ${token_endpoint_auth_method}`,
      { ...PUBLIC, token_endpoint_auth_method },
      '.token_endpoint_auth_method must be one of none, client_secret_basic, client_secret_post, private_key_jwt',
    ),
  ),
  client(
    'a public client with secrets and keys',
    { ...SIGNING, ...SECRET, ...PUBLIC, jwks_uri: 'https://a.example' },
    `.client_secret_hashes ${notFor('none')}`,
    `.jwks ${notFor('none')}`,
    `.jwks_uri ${notFor('none')}`,
  ),
  client(
    'a client with keys instead of a secret',
    { ...SIGNING, token_endpoint_auth_method: 'client_secret_post' },
    ' must have client_secret_hashes',
    `.jwks ${notFor('client_secret_post')}`,
  ),
  client(
    'a client with a secret instead of keys',
    { ...SECRET, token_endpoint_auth_method: 'private_key_jwt' },
    `.client_secret_hashes ${notFor('private_key_jwt')}`,
    ' must have either jwks or jwks_uri',
  ),
  client(
    'a client with both kinds of keys',
    { ...SIGNING, jwks_uri: 'https://a.example' },
    ' must have either jwks or jwks_uri',
  ),
  ...[
    'sha256:BASE64URL-OF-SHA-256',
    HASH.slice('sha256:'.length),
    `sha512:${'A'.repeat(43)}`,
    `sha256:${'A'.repeat(42)}`,
    `sha256:${'A'.repeat(42)}B`,
    `sha256:${'A'.repeat(43)}=`,
    `sha256:${'a'.repeat(64)}`,
    `${HASH}\n`,
  ].map((hash) =>
    client(
      `the hash ${JSON.stringify(hash)}`,
      { ...SECRET, client_secret_hashes: [OTHER_HASH, hash] },
      `.client_secret_hashes[1] ${HASH_FORM}`,
    ),
  ),
  client(
    'no hash',
    { ...SECRET, client_secret_hashes: [] },
    '.client_secret_hashes must have 1 or more entries',
  ),
  client(
    'three hashes, one of them twice',
    { ...SECRET, client_secret_hashes: [HASH, OTHER_HASH, HASH] },
    '.client_secret_hashes must have 2 entries at most',
    '.client_secret_hashes[2] repeats an earlier entry',
  ),
  client(
    'a hash that is no list',
    { ...SECRET, client_secret_hashes: HASH },
    '.client_secret_hashes must be a list',
  ),
  ...['http://a.example', 'https://u@a.example', 'https://a.example#k', 'file:///k'].map((uri) =>
    client(`jwks_uri ${uri}`, { ...SIGNING, jwks: undefined, jwks_uri: uri }, `.jwks_uri ${HTTPS}`),
  ),
  client('no key', { ...SIGNING, jwks: { keys: [] } }, '.jwks.keys must have 1 or more entries'),
  client('a key set without keys', { ...SIGNING, jwks: {} }, '.jwks must have keys'),
  client(
    'a member beside the keys',
    { ...SIGNING, jwks: { keys: [EC_KEY], a: 1 } },
    '.jwks.a is an unknown member',
  ),
  client(
    'a private key',
    { ...SIGNING, jwks: { keys: [EC_KEY, PRIVATE_KEY] } },
    '.jwks.keys[1].d belongs to a secret key: keep the public one only',
  ),
  client(
    'a symmetric key',
    { ...SIGNING, jwks: { keys: [{ kty: 'oct', k: 'aHVudGVyMg' }] } },
    '.jwks.keys[0].k belongs to a secret key: keep the public one only',
    '.jwks.keys[0].kty must be one of EC, OKP, RSA',
  ),
  client(
    'a key without a type',
    { ...SIGNING, jwks: { keys: [{ ...EC_KEY, kty: undefined }] } },
    '.jwks.keys[0] must have kty',
  ),
  client(
    'a key for encryption',
    { ...SIGNING, jwks: { keys: [{ ...RSA_KEY, use: 'enc' }] } },
    '.jwks.keys[0].use must be one of sig',
  ),
  ...[
    { kty: 'RSA' },
    { ...RSA_KEY, n: undefined },
    { ...EC_KEY, x: undefined },
    { ...EC_KEY, crv: 'P-1' },
    X_KEY,
    SECP_KEY,
  ].map((key) =>
    client(
      `the key ${JSON.stringify(key)}`,
      { ...SIGNING, jwks: { keys: [key] } },
      `.jwks.keys[0] ${PUBLIC_KEY}`,
    ),
  ),
  beyond(
    'a point that is not on its curve',
    { ...SIGNING, jwks: { keys: [{ ...EC_KEY, x: EC_KEY.y, y: EC_KEY.y }] } },
    `.jwks.keys[0] ${PUBLIC_KEY}`,
  ),
  beyond(
    'a short RSA key',
    { ...SIGNING, jwks: { keys: [rsaKey(1024)] } },
    '.jwks.keys[0] must have 2048 bits or more',
  ),
  ...['', ' ', 'a  b', ' a', 'a ', 'a\tb', 'a"b', 'a\\b', 'ä'].map((scope) =>
    client(`the scope ${JSON.stringify(scope)}`, { ...PUBLIC, scope }, `.scope ${SCOPE}`),
  ),
  client('a list of scopes', { ...PUBLIC, scope: ['a'] }, '.scope must be a text'),
  ...['a'.repeat(513), Array.from({ length: 33 }, (_, i) => `s${i}`).join(' ')].map((scope) =>
    client(
      `a default scope of ${scope.length} characters`,
      { ...PUBLIC, default_scope: scope },
      '.default_scope must have 32 scopes and 512 characters at most',
    ),
  ),
  beyond(
    'a default scope that the client may not have',
    { ...PUBLIC, scope: 'a b', default_scope: 'a c' },
    '.default_scope has c, which scope lacks',
  ),
  {
    title: 'scopes that the catalogue lacks',
    file: {
      clients: [
        { ...PUBLIC, scope: 'admin a', default_scope: 'a' },
        { ...PUBLIC, client_id: 'b', default_scope: 'b' },
      ],
      scopes: SCOPES,
    },
    errors: [
      'clients[0].scope has a, which scopes lacks',
      'clients[0].default_scope has a, which scopes lacks',
      'clients[1].default_scope has b, which scopes lacks',
    ],
    isBeyondSchema: true,
  },
  ...[0, -1, 1.5, '60', null].map((seconds) =>
    client(
      `the lifetime ${JSON.stringify(seconds)}`,
      { ...PUBLIC, key_lifetimes: [60, seconds] },
      '.key_lifetimes[1] must be a whole number of 1 or more',
    ),
  ),
  client(
    'no lifetime',
    { ...PUBLIC, key_lifetimes: [] },
    '.key_lifetimes must have 1 or more entries',
  ),
  client(
    'nine lifetimes, one of them twice',
    { ...PUBLIC, key_lifetimes: [1, 2, 3, 4, 5, 6, 7, 8, 8] },
    '.key_lifetimes must have 8 entries at most',
    '.key_lifetimes[8] repeats an earlier entry',
  ),
  beyond(
    'a lifetime above the maximum',
    { ...PUBLIC, key_lifetimes: [7_776_000, 7_776_001] },
    '.key_lifetimes[1] is above 7776000, the maximum of API_KEY_MAX_TTL',
  ),
  ...['networks', 'trusted_networks'].flatMap((name) => [
    ...['proxy.example', '192.0.2.0/', '192.0.2.0/24/8', '', ' 10.0.0.0/8'].map((network) =>
      client(
        `${name} ${JSON.stringify(network)}`,
        { ...PUBLIC, [name]: ['10.0.0.1', network] },
        `.${name}[1] ${NETWORK}`,
      ),
    ),
    ...['192.0.2.0/33', '192.0.2', 'a', '2001:db8::/129'].map((network) =>
      beyond(`${name} ${network}`, { ...PUBLIC, [name]: [network] }, `.${name}[0] ${NETWORK}`),
    ),
    client(`${name} of numbers`, { ...PUBLIC, [name]: [1] }, `.${name}[0] must be a text`),
    client(`no ${name}`, { ...PUBLIC, [name]: [] }, `.${name} must have 1 or more entries`),
    client(`one of ${name}`, { ...PUBLIC, [name]: '10.0.0.1' }, `.${name} must be a list`),
  ]),
  client('one grant type', { ...PUBLIC, grant_types: 'a' }, '.grant_types must be a list'),
  client('grant types', { ...PUBLIC, grant_types: [1] }, '.grant_types[0] must be a text'),
  ...['web', 'introspect'].map((name) =>
    client(`${name} as a text`, { ...PUBLIC, [name]: 'false' }, `.${name} must be true or false`),
  ),
  ...['api', '/v1', 'https://api.example/#v1', 'https://a b'].map((resource) =>
    client(
      `the resource ${resource}`,
      { ...PUBLIC, resources: [resource] },
      '.resources[0] must be an absolute URI without fragment',
    ),
  ),
  client(
    'many mistakes at once',
    { client_id: '', colour: 'red', web: 1, networks: ['x'], 'client secret': 'hunter2' },
    `.client_id ${ID}`,
    ' must have token_endpoint_auth_method',
    `.networks[0] ${NETWORK}`,
    '.web must be true or false',
    '.colour is an unknown member',
    '["client secret"] is an unknown member',
  ),
]

/** Catalogues of scopes with mistakes. Both files may have them. */
export const INVALID_SCOPES: readonly Omit<Invalid, 'isBeyondSchema'>[] = [
  { title: 'no scope', file: {}, errors: ['scopes must have a scope'] },
  {
    title: 'names that no scope can have',
    file: { 'a b': SCOPES.admin, '': SCOPES.admin, 'a"': SCOPES.admin },
    errors: ['["a b"]', '[""]', '["a\\""]'].map(
      (name) => `scopes${name} has a name that no scope can have (RFC 6749 section 3.3)`,
    ),
  },
  { title: 'no description', file: { a: {} }, errors: ['scopes.a must have description'] },
  { title: 'a sentence alone', file: { a: 'See' }, errors: ['scopes.a must be an object'] },
  {
    title: 'an empty description, and a translation of two lines',
    file: { a: { description: '', 'description#de': 'a\nb' } },
    errors: ['.description', '["description#de"]'].map(
      (member) => `scopes.a${member} must be 1 to 300 characters in one line`,
    ),
  },
  {
    title: 'flags that are none',
    file: { a: { description: 'A', required: 'yes', default: 1, sensitive: null } },
    errors: ['required', 'default', 'sensitive'].map(
      (name) => `scopes.a.${name} must be true or false`,
    ),
  },
  {
    title: 'unknown members',
    file: { 'a:b': { description: 'A', hidden: true } },
    errors: ['scopes["a:b"].hidden is an unknown member'],
  },
]
