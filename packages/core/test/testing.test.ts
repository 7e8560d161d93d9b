import {
  type ApiKeyPage,
  comparePlaces,
  type FindApiKeys,
  formatCursor,
  type KeyPlace,
  MemoryStateStore,
  placeOf,
  type StoredApiKey,
  type StoredState,
} from '@device-grant/core'
import {
  type Sample,
  type Test,
  testApiKeyStore,
  testDriver,
  testStateScan,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import {
  type Defects,
  fakeApiKeyStores,
  fakeDrivers,
  fakeStateStores,
  pageOf,
} from './fake-database.ts'

const KITS = {
  driver: (run: Test, defects: Defects) => testDriver(run, async () => fakeDrivers(defects)),
  'state store': (run: Test, defects: Defects) =>
    testStateStore(run, async () => fakeStateStores(defects)),
  'API key store': (run: Test, defects: Defects) =>
    testApiKeyStore(run, async () => fakeApiKeyStores(defects)),
}
type Kit = keyof typeof KITS
const ALL: readonly Kit[] = ['driver', 'state store', 'API key store']
const STATES: readonly Kit[] = ['driver', 'state store']
const KEYS: readonly Kit[] = ['API key store']

type Run = Parameters<Test>[1]

/** The tests that a kit defines, by title. */
const testsOf = (kit: Kit, defects: Defects): ReadonlyMap<string, Run> => {
  const tests = new Map<string, Run>()
  KITS[kit]((title, run) => tests.set(title, run), defects)
  return tests
}

/** Runs all tests of a kit, and returns the messages of those that fail, by title. */
const failuresOf = async (
  tests: ReadonlyMap<string, Run>,
  runTest = (run: Run): Promise<void> => run(),
): Promise<ReadonlyMap<string, string>> => {
  const failures = new Map<string, string>()
  await Promise.all(
    Array.from(tests, ([title, run]) =>
      runTest(run).catch((error) => {
        failures.set(title, String(error))
      }),
    ),
  )
  return failures
}

for (const kit of ALL) {
  test(`the ${kit} kit passes on a right one`, async (t) => {
    const tests = testsOf(kit, {})
    t.true(tests.size > 10)
    t.deepEqual(await failuresOf(tests), new Map())
  })
}

const cutAt = (length: number) => (text: string) => text.slice(0, length)
const forgetsEarly = (ms: number): Defects => ({ forgetsAt: ({ keepUntil }) => keepUntil - ms })
const owners = (fold: (owner: string) => string): Defects => ({
  isOwner: (owner, wanted) => fold(owner) === fold(wanted),
})
/** The operator of SQL: `%` stands for any text, `_` for any character. */
const isLike = (owner: string, pattern: string): boolean => {
  const parts = pattern.split(/([%_])/).map((part) => {
    if (part === '%') return '.*'
    return part === '_' ? '.' : part.replace(/[^\w\s]/gu, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`, 's').test(owner)
}
/** A server that returns at most so many rows, whatever is asked for. */
const rowsCutAt =
  (rows: number): Defects['page'] & object =>
  (keys, { limit, ...query }) => {
    const { keys: found } = pageOf(keys, { ...query, limit: Math.min(limit + 1, rows) })
    const next = found.length > limit ? pageOf(keys, { ...query, limit }).next : undefined
    return { keys: found.slice(0, limit), next }
  }
const inOrder = (compare: (a: KeyPlace, b: KeyPlace) => number): Defects => ({
  page: (keys, query) =>
    pageOf(keys, query, { compare, isAfter: (key, place) => compare(key, place) > 0 }),
})
const goesOn = (isAfter: (key: KeyPlace, place: KeyPlace) => boolean): Defects => ({
  page: (keys, query) => pageOf(keys, query, { isAfter }),
})
const alwaysNext: Defects['page'] & object = (keys, query) => {
  const page = pageOf(keys, query)
  const last = page.keys.at(-1)
  return { ...page, next: last && formatCursor(placeOf(last)) }
}
/** Pages that are numbered, so that keys which come and go move their borders. */
const numbered = (
  keys: readonly StoredApiKey[],
  { after = '0', limit }: FindApiKeys,
): ApiKeyPage => {
  const sorted = keys.toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)))
  const end = Number(after) + limit
  return {
    keys: sorted.slice(Number(after), end),
    next: end < sorted.length ? `${end}` : undefined,
  }
}
const KNOWN: ReadonlySet<string> = new Set(
  'status name owner request approvedAt expiresAt keepUntil salt prefix secretHash firstIssuedAt issuedAt lastUsedAt revokedAt used'.split(
    ' ',
  ),
)
const onlyKnown = (state: object): object =>
  Object.fromEntries(Object.entries(state).filter(([name]) => KNOWN.has(name)))
/** Numbers are dates, and only known members become numbers again. */
const datedNumbers = (state: object): object =>
  Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      name,
      typeof value === 'number' && !KNOWN.has(name) ? new Date(value) : value,
    ]),
  )
const never = (): Promise<never> => new Promise(() => {})
const refuse = async (): Promise<never> => {
  throw new Error('ECONNREFUSED')
}

const LOOK_ALIKES = 'ids that look alike are kept apart'
const TEXTS = 'texts of 2 048 characters and spaces at their ends are kept'
const KEY_TEXTS = 'long texts and spaces at their ends are kept'
const KEPT = 'a state is not forgotten before its keepUntil'
const LIFETIME = 'a lifetime follows keepUntil'
const REMOVAL = 'a removal never deletes a state that changed since it was read'
const DOWN = 'every call fails in time while the server is down'
const HANGING = 'every call fails in time while the server hangs'
const PAGES = 'pages have all keys of an owner once, the newest approval first'
const CHANGING = 'a page goes on after keys that came and went'
const NEWEST = 'keys are found by their owner as they are now'
const STATUSES = 'a key comes back as it was written in every status'
const EVERY_KEY = 'all keys are found in pages, and no erased one'
const CONDITIONS = 'keys are found by client and by status, in the same order and in pages'
const UNKNOWN = 'members that are absent stay absent, and unknown members stay'
const KEY_IDS = 'ids that differ in one character or its case are kept apart'
const OWNERS = 'owners that look alike are different owners'

/** What is broken, the tests that must fail, in which kits, and how it is broken. */
const BREAKS: readonly (readonly [
  what: string,
  titles: readonly string[],
  kits: readonly Kit[],
  defects: Defects,
])[] = [
  ['ids cut at 31 characters', [LOOK_ALIKES], STATES, { id: cutAt(31) }],
  ['ids cut at 64 characters', [LOOK_ALIKES], STATES, { id: cutAt(64) }],
  ['ids of keys cut at 21', [KEY_IDS], KEYS, { id: cutAt(21) }],
  ['ids of keys in lower case', [KEY_IDS], KEYS, { id: (id) => id.toLowerCase() }],
  ['ids folded to NFC', [LOOK_ALIKES], STATES, { id: (id) => id.normalize('NFC') }],
  ['ids folded to NFKC', [LOOK_ALIKES], STATES, { id: (id) => id.normalize('NFKC') }],
  ['ids in lower case', [LOOK_ALIKES], STATES, { id: (id) => id.toLowerCase() }],
  ['trimmed ids', [LOOK_ALIKES], STATES, { id: (id) => id.trimEnd() }],
  ['texts cut at 255 characters', [TEXTS], STATES, { text: cutAt(255) }],
  ['texts cut at 2 000 characters', [TEXTS], STATES, { text: cutAt(2_000) }],
  ['texts trimmed at their right', [TEXTS], STATES, { text: (text) => text.trimEnd() }],
  ['texts of keys cut at 255', [KEY_TEXTS], KEYS, { text: cutAt(255) }],
  ['texts of keys cut at 2 000', [KEY_TEXTS], KEYS, { text: cutAt(2_000) }],
  ['texts of keys trimmed at their right', [KEY_TEXTS], KEYS, { text: (text) => text.trimEnd() }],
  ['states forgotten 30 s early', [KEPT, LIFETIME], ALL, forgetsEarly(30_000)],
  ['states forgotten 1 s early', [KEPT, LIFETIME], ALL, forgetsEarly(1_000)],
  [
    'a fixed lifetime of 60 s',
    [LIFETIME],
    ALL,
    { forgetsAt: (_, writtenAt) => writtenAt + 60_000 },
  ],
  ['writes without comparison', [REMOVAL], ALL, { compares: false }],
  ['removals without comparison', [REMOVAL], ALL, { removalCompares: false }],
  [
    'equal states that are not written again',
    ['a swap to an equal state is written too'],
    ['driver'],
    { writesEqual: false },
  ],
  ['commands without a bound', [DOWN, HANGING], ALL, { failure: never, cutTimeoutMs: 100 }],
  ['errors without a type', [DOWN, HANGING], ALL, { failure: refuse }],
  ['a look-up by id that lags', [STATUSES], KEYS, { lags: 'read' }],
  ['a look-up by owner that lags', [NEWEST, STATUSES], KEYS, { lags: 'find' }],
  ['a look-up by owner cut at 10', [PAGES], KEYS, { page: rowsCutAt(10) }],
  ['a look-up by owner cut at 100', [PAGES], KEYS, { page: rowsCutAt(100) }],
  [
    'pages without a limit',
    [PAGES],
    KEYS,
    { page: (keys, query) => pageOf(keys, { ...query, limit: keys.length }) },
  ],
  ['the oldest approval first', [PAGES], KEYS, inOrder((a, b) => comparePlaces(b, a))],
  ['keys in the order of their ids', [PAGES], KEYS, inOrder((a, b) => (a.id < b.id ? 1 : -1))],
  [
    'keys of the same time in the order of writing',
    [PAGES],
    KEYS,
    inOrder((a, b) => b.approvedAt - a.approvedAt),
  ],
  [
    'pages that repeat keys of the same time',
    [PAGES],
    KEYS,
    goesOn((key, place) => key.approvedAt <= place.approvedAt && key.id !== place.id),
  ],
  [
    'pages that lose keys of the same time',
    [PAGES],
    KEYS,
    goesOn((key, place) => key.approvedAt < place.approvedAt),
  ],
  ['numbered pages', [CHANGING], KEYS, { page: numbered }],
  [
    'pages that never end',
    [PAGES],
    KEYS,
    {
      page: (keys, query) => {
        const page = pageOf(keys, query)
        return { ...page, next: page.next ?? query.after }
      },
    },
  ],
  ['a next page after the last one', [PAGES], KEYS, { page: alwaysNext }],
  ['owners without case', [OWNERS], KEYS, owners((owner) => owner.toLowerCase())],
  ['trimmed owners', [OWNERS], KEYS, owners((owner) => owner.trim())],
  ['owners as patterns of LIKE', [OWNERS], KEYS, { isOwner: isLike }],
  [
    'a look-up by owner without revoked keys',
    [STATUSES],
    KEYS,
    {
      page: (keys, query) =>
        pageOf(
          keys.filter(({ key }) => key.status !== 'revoked'),
          query,
        ),
    },
  ],
  ['a look-up with erased keys', [STATUSES, EVERY_KEY], KEYS, { listsErased: true }],
  ['a look-up that ignores the client', [CONDITIONS], KEYS, { ignores: 'clientId' }],
  ['a look-up that ignores the status', [CONDITIONS], KEYS, { ignores: 'status' }],
  ['unknown members that are dropped', [UNKNOWN], KEYS, { members: onlyKnown }],
  ['numbers that become dates', [UNKNOWN], KEYS, { members: datedNumbers }],
]

for (const [what, titles, kits, defects] of BREAKS) {
  for (const kit of kits) {
    test(`the ${kit} kit finds ${what}`, async (t) => {
      const tests = Array.from(testsOf(kit, defects)).filter(([title]) => titles.includes(title))
      const failures = await failuresOf(new Map(tests))
      t.deepEqual([...failures.keys()].toSorted(), titles.toSorted())
    })
  }
}

test('the API key store kit finds a cached look-up by owner', async (t) => {
  const cached = new Map<string, Promise<ApiKeyPage>>()
  const tests = new Map<string, Run>()
  testApiKeyStore(
    (title, run) => tests.set(title, run),
    async () => {
      const pair = fakeApiKeyStores({})
      const find = pair.store.find.bind(pair.store)
      pair.store.find = (query) => {
        const text = JSON.stringify(query)
        const found = cached.get(text) ?? find(query)
        cached.set(text, found)
        return found
      }
      return pair
    },
  )
  t.true((await failuresOf(tests)).has(NEWEST))
})

test('an API key store that does not compare fails the race of claims, every time', async (t) => {
  const race = testsOf('API key store', { compares: false }).get(
    'only one of many parallel claims issues the key',
  )
  for (let times = 0; times < 20; times++) {
    await t.throwsAsync(async () => race?.(t), { message: /^issued: expected 1/ })
  }
})

test('the driver kit finds a swap that does not return what it found', async (t) => {
  const title = 'a swap that expects another version writes nothing and returns what it found'
  const run = testsOf('driver', { found: () => undefined }).get(title)
  await t.throwsAsync(async () => run?.(t), { message: /^an outdated version: expected / })
})

/** Runs a test as Jest and mocha do: a declared parameter is a callback, and then no promise may come. */
const runByArity = async (run: (...context: unknown[]) => unknown): Promise<void> => {
  if (run.length === 0) {
    await run()
    return
  }
  await new Promise<void>((resolve, reject) => {
    const returned = run((error?: unknown) => (error ? reject(error) : resolve()))
    if (returned instanceof Promise) {
      returned.catch(() => {})
      reject(new Error('A test function takes a callback or returns a promise, not both'))
    }
  })
}

for (const kit of ALL) {
  test(`Jest and mocha can run the ${kit} kit, whose tests declare no parameter`, async (t) => {
    await t.throwsAsync(() => runByArity(async (_t: unknown) => {}), { message: /not both/ })
    t.deepEqual(await failuresOf(testsOf(kit, {}), runByArity), new Map())
    const failures = await failuresOf(testsOf(kit, { compares: false }), runByArity)
    t.true(failures.has(REMOVAL))
  })
}

type Scan = (states: readonly StoredState<Sample>[]) => readonly StoredState<Sample>[]

/** What the kit for scans finds if a scan brings other states than the store has. */
const scanFailures = async (scan: Scan): Promise<readonly string[]> => {
  const tests = new Map<string, Run>()
  testStateScan(
    (title, run) => tests.set(title, run),
    async () => {
      const store = new MemoryStateStore<Sample>({ clock: { now: Date.now } })
      store.scan = async function* () {
        yield* scan(Array.from(this.entries(), ([id, state]) => ({ id, state })))
      }
      return { store, peer: store }
    },
  )
  return [...(await failuresOf(tests)).keys()]
}

test('the scan kit finds scans that leave states out, repeat or change them', async (t) => {
  const everyState = 'a scan brings every state once, as it is now'
  const staying = 'a scan ends while states are written, and brings those that stay'
  t.deepEqual(await scanFailures((states) => states), [])
  t.deepEqual(await scanFailures((states) => states.slice(0, 200)), [everyState, staying])
  const repeats: Scan = (states) => states.flatMap((each) => [each, each])
  t.deepEqual(await scanFailures(repeats), [everyState, staying])
  const changes: Scan = (states) =>
    states.map(({ id, state }) => ({ id, state: { ...state, by: state.by?.trim() } }))
  t.deepEqual(await scanFailures(changes), [everyState])
})
