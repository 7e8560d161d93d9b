import test from 'ava'
import fc from 'fast-check'
import {
  allowedScope,
  type CatalogueScope,
  grantedScope,
  requestedScope,
  type ScopeRules,
  scopeNames,
} from '#src/rules/scope.js'

const sentence = { text: 'See your projects' }
const catalogueOf = (
  scopes: Readonly<Record<string, Omit<CatalogueScope, 'description'>>>,
): ReadonlyMap<string, CatalogueScope> =>
  new Map(
    Object.entries(scopes).map(([name, scope]) => [name, { description: sentence, ...scope }]),
  )

const CATALOGUE = catalogueOf({ read: { default: true, required: true }, write: {}, admin: {} })

test('a scope text is a set of names', (t) => {
  t.deepEqual(scopeNames(undefined), [])
  t.deepEqual(scopeNames(''), [])
  t.deepEqual(scopeNames('write read write'), ['write', 'read'])
})

test('the requested scope is checked against the catalogue and the client', (t) => {
  const client = { scopes: ['read', 'write'], defaultScopes: ['write'] }
  for (const [asked, rules, expected] of [
    // Without registry and catalogue, any scope or none.
    [undefined, {}, undefined],
    ['admin root', {}, 'admin root'],
    ['a b a', {}, 'a b'],
    // With a catalogue.
    ['read write', { catalogue: CATALOGUE }, 'read write'],
    ['read root', { catalogue: CATALOGUE }, 'not_allowed'],
    [undefined, { catalogue: CATALOGUE }, 'read'],
    [undefined, { catalogue: catalogueOf({ read: {} }) }, 'none'],
    [undefined, { catalogue: catalogueOf({}) }, 'none'],
    // With a client too.
    ['admin', { catalogue: CATALOGUE, client }, 'not_allowed'],
    [undefined, { catalogue: CATALOGUE, client }, 'write'],
    [undefined, { catalogue: CATALOGUE, client: { scopes: ['admin'] } }, 'none'],
    [undefined, { catalogue: CATALOGUE, client: { scopes: ['read'] } }, 'read'],
    [undefined, { catalogue: CATALOGUE, client: {} }, 'read'],
    [undefined, { catalogue: catalogueOf({ read: {} }), client }, 'none'],
    [undefined, { catalogue: CATALOGUE, client: { defaultScopes: [] } }, 'none'],
    // With a client and no catalogue.
    ['write', { client }, 'write'],
    ['admin', { client }, 'not_allowed'],
    [undefined, { client }, 'write'],
    [undefined, { client: { scopes: ['read'] } }, 'none'],
    [undefined, { client: { scopes: [] } }, 'none'],
    [undefined, { client: {} }, undefined],
  ] as readonly (readonly [string | undefined, ScopeRules, string | undefined])[]) {
    const found = requestedScope(asked, rules)
    const outcome = found.outcome === 'ok' ? found.scope : found.reason
    t.is(outcome, expected, JSON.stringify([asked, rules]))
    t.is(found.outcome, expected === 'not_allowed' || expected === 'none' ? 'invalid_scope' : 'ok')
  }
})

test('a person grants what is left of the requested scope', (t) => {
  for (const [requested, chosen, expected] of [
    ['read write', undefined, 'read write'],
    ['read write', ['read'], 'read'],
    ['read write', ['write', 'read'], 'read write'],
    [undefined, undefined, undefined],
    // Refused: none, one twice, one that was not asked for, and all without a required one.
    ['read write', [], 'invalid_scope'],
    ['read write', ['read', 'read'], 'invalid_scope'],
    ['read write', ['read', 'admin'], 'invalid_scope'],
    ['read write', ['write'], 'invalid_scope'],
    ['read write', [''], 'invalid_scope'],
    [undefined, ['read'], 'invalid_scope'],
    [undefined, [], 'invalid_scope'],
    // A scope that was not asked for is not required.
    ['write admin', ['write'], 'write'],
  ] as readonly (readonly [string | undefined, string[] | undefined, string | undefined])[]) {
    const found = grantedScope(requested, chosen, { catalogue: CATALOGUE })
    const outcome = found.outcome === 'ok' ? found.scope : found.outcome
    t.is(outcome, expected, JSON.stringify([requested, chosen]))
  }
})

test('without a catalogue no scope is required', (t) => {
  t.deepEqual(grantedScope('read write', ['write'], {}), { outcome: 'ok', scope: 'write' })
  t.deepEqual(grantedScope('read write', [], {}), { outcome: 'invalid_scope' })
})

test('a scope that the operator took away is not granted at pick-up', (t) => {
  for (const [granted, rules, expected] of [
    ['read write', {}, 'read write'],
    [undefined, {}, undefined],
    ['read write', { catalogue: catalogueOf({ write: {} }) }, 'write'],
    ['read write', { client: { scopes: ['read'] } }, 'read'],
    ['read', { catalogue: catalogueOf({ write: {} }) }, 'none'],
    ['read', { client: { scopes: [] } }, 'none'],
    // A catalogue that came after the approval.
    [undefined, { catalogue: CATALOGUE }, 'none'],
    [undefined, { client: { scopes: ['read'] } }, 'none'],
  ] as readonly (readonly [string | undefined, ScopeRules, string | undefined])[]) {
    const found = allowedScope(granted, rules)
    const outcome = found.outcome === 'ok' ? found.scope : found.outcome
    t.is(outcome, expected, JSON.stringify([granted, rules]))
  }
})

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
const scopeRules: fc.Arbitrary<ScopeRules> = fc.record({
  catalogue: fc.option(
    fc
      .dictionary(
        fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        fc.record({ required: fc.boolean(), default: fc.boolean() }),
      )
      .map(catalogueOf),
    { nil: undefined },
  ),
  client: fc.option(
    fc.record({
      scopes: fc.option(names, { nil: undefined }),
      defaultScopes: fc.option(names, { nil: undefined }),
    }),
    { nil: undefined },
  ),
})

test('a key only has scopes that were asked for or are defaults, allowed twice, and chosen', (t) => {
  let granted = 0
  fc.assert(
    fc.property(
      fc.option(names, { nil: undefined }),
      scopeRules,
      fc.option(names, { nil: undefined }),
      scopeRules,
      (asked, before, chosen, after) => {
        const requested = requestedScope(asked?.join(' '), before)
        if (requested.outcome !== 'ok') return
        const grant = grantedScope(requested.scope, chosen, before)
        if (grant.outcome !== 'ok') return
        const key = allowedScope(grant.scope, after)
        if (key.outcome !== 'ok') return
        granted += 1
        const defaults =
          before.client?.defaultScopes ??
          [...(before.catalogue ?? [])].flatMap(([name, scope]) => (scope.default ? name : []))
        const may: readonly string[] = asked && asked.length > 0 ? asked : defaults
        const scopes = key.scope?.split(' ') ?? []
        for (const name of scopes) {
          t.true(may.includes(name))
          if (chosen) t.true(chosen.some((one) => one === name))
          for (const { catalogue, client } of [before, after]) {
            if (catalogue) t.true(catalogue.has(name))
            if (client?.scopes) t.true(client.scopes.includes(name))
          }
        }
        // With a catalogue, no key lacks a scope.
        if (before.catalogue || after.catalogue) t.true(scopes.length > 0)
      },
    ),
    { numRuns: 5_000 },
  )
  t.true(granted > 200, `${granted} keys`)
})
