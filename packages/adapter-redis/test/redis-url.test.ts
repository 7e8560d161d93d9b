import { RedisUrlError } from '@device-grant/adapter-redis'
import test from 'ava'
import { parseRedisUrl } from '#src/redis-url.js'

test('a single server has a host, a port and a database', (t) => {
  t.deepEqual(parseRedisUrl('redis://localhost'), {
    tls: false,
    topology: 'single',
    node: { host: 'localhost', port: 6379 },
    db: 0,
  })
  t.deepEqual(parseRedisUrl('rediss://ann:p%40ss%3A%2F@[::1]:7000/3'), {
    tls: true,
    username: 'ann',
    password: 'p@ss:/',
    topology: 'single',
    node: { host: '::1', port: 7000 },
    db: 3,
  })
})

test('a Cluster has several nodes', (t) => {
  t.deepEqual(parseRedisUrl('redis+cluster://:secret@a:1,b,[::1]:3'), {
    tls: false,
    password: 'secret',
    topology: 'cluster',
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 6379 },
      { host: '::1', port: 3 },
    ],
  })
})

test('Sentinels have the name of their master', (t) => {
  t.deepEqual(parseRedisUrl('rediss+sentinel://a:1,b/my%20master'), {
    tls: true,
    topology: 'sentinel',
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 26379 },
    ],
    name: 'my master',
  })
})

const refused: readonly (readonly [url: string, says: RegExp])[] = [
  ['', /unknown scheme/],
  ['localhost:6379', /unknown scheme/],
  ['http://:hunter2@h', /unknown scheme/],
  ['redis+other://:hunter2@h', /unknown scheme/],
  ['redis://', /host that is missing/],
  ['redis://:hunter2@', /host that is missing/],
  ['redis://:hunter2@h:port', /host that is missing or malformed/],
  ['redis://:hunter2@h:0', /port that is not from 1 to 65535/],
  ['redis://:hunter2@h:65536', /port that is not from 1 to 65535/],
  ['redis://:hunter2@h/zero', /database that is not a number/],
  ['redis://:hunter2@a,b', /several hosts/],
  ['redis+cluster://:hunter2@a:1,,b:2', /host that is missing/],
  ['redis+cluster://:hunter2@a:1/1', /one database only/],
  ['redis+sentinel://:hunter2@a:1', /needs \/master-name/],
  ['redis+sentinel://:hunter2@a:1/', /needs \/master-name/],
  ['redis://hunter2@h', /user without a password/],
  ['redis://ann:@h', /empty password/],
  ['redis://:hunter2%@h', /password whose percent-encoding is broken/],
  ['redis://:hunter2?@h', /query or a fragment/],
  ['redis://:hunter2@h?db=1', /query or a fragment/],
  ['redis://:hunter2/x@h', /malformed/],
]

for (const [url, says] of refused) {
  test(`"${url}" is refused with the reason and without the password`, (t) => {
    const error = t.throws(() => parseRedisUrl(url), { instanceOf: RedisUrlError, message: says })
    t.notRegex(error?.message ?? '', /hunter2/)
  })
}
