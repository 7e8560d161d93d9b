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

test('a query may name the family of addresses', (t) => {
  for (const family of [0, 4, 6] as const) {
    t.is(parseRedisUrl(`redis://h?family=${family}`).family, family)
    t.like(parseRedisUrl(`rediss+sentinel://:secret@a:1,b:2/name?family=${family}`), {
      family,
      name: 'name',
      password: 'secret',
    })
    t.like(parseRedisUrl(`redis://h:1/3?family=${family}`), { family, db: 3 })
  }
  t.is(parseRedisUrl('redis://h').family, undefined)
  t.is(parseRedisUrl('redis://h?').family, undefined)
})

test('the user default needs no password', (t) => {
  for (const user of ['default', 'default:']) {
    t.deepEqual(parseRedisUrl(`redis://${user}@h`), parseRedisUrl('redis://h'))
  }
  t.like(parseRedisUrl('redis://default:secret@h'), { username: 'default', password: 'secret' })
})

test('the schemes of Valkey mean the same', (t) => {
  for (const rest of ['://ann:secret@h:7000/3', '+cluster://a,b', '+sentinel://a,b/name']) {
    t.deepEqual(parseRedisUrl(`valkey${rest}`), parseRedisUrl(`redis${rest}`))
    t.deepEqual(parseRedisUrl(`valkeys${rest}`), parseRedisUrl(`rediss${rest}`))
    t.true(parseRedisUrl(`valkeys${rest}`).tls)
    t.false(parseRedisUrl(`valkey${rest}`).tls)
  }
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
  ['redis://:hunter2?@h', /percent-encoded/],
  ['redis://:pass?hunter2@h', /percent-encoded/],
  ['redis://:pass?db=hunter2@h', /percent-encoded/],
  ['redis://:pass#hunter2@h', /percent-encoded/],
  ['redis://:hunter2@h?db=1', /unknown query parameter db/],
  ['redis://:hunter2@h/0?family=4&tls=true', /unknown query parameter tls/],
  ['redis://:hunter2@h?ssl_cert_reqs=none', /unknown query parameter ssl_cert_reqs/],
  ['redis://:hunter2@h?family=5', /family that is not 0, 4 or 6/],
  ['redis://:hunter2@h?family=', /family that is not 0, 4 or 6/],
  ['valkeyss://:hunter2@h', /unknown scheme/],
  ['redis://:hunter2/x@h', /malformed/],
]

for (const [url, says] of refused) {
  test(`"${url}" is refused with the reason and without the password`, (t) => {
    const error = t.throws(() => parseRedisUrl(url), { instanceOf: RedisUrlError, message: says })
    t.notRegex(error?.message ?? '', /hunter2/)
  })
}
