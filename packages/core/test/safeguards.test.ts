import {
  type CatalogueScope,
  codeEnding,
  createLoginHints,
  createPolicy,
  type DeviceInfo,
  endingOf,
  freshSignIn,
  knownPerson,
  onlyForSensitiveScopes,
  proximity,
  type RegisteredClient,
  refuseSensitiveScopes,
  type Safeguard,
  type UserCodeAnswer,
  withoutEnding,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, logIn, MINUTE, type Modules, SECOND } from './memory-service.ts'

const DEVICE = { address: '192.0.2.1' }
const NEAR = { address: '192.0.2.1' }
const FAR = { address: '198.51.100.1' }

const CATALOGUE = new Map<string, CatalogueScope>([
  ['read', { description: { text: 'Read' } }],
  ['admin', { description: { text: 'Everything' }, sensitive: true }],
])
const scopes = { scopes: () => CATALOGUE }

/** A login of a device, with a service that has these safeguards. */
const setting = async (
  modules: Modules | readonly Safeguard[],
  {
    device = DEVICE,
    scope,
    clientId,
  }: { device?: DeviceInfo; scope?: string; clientId?: string } = {},
) => {
  const service = createMemoryService(
    undefined,
    undefined,
    'length' in modules ? { safeguards: modules } : modules,
  )
  const { userCode, deviceCode } = issued(
    await service.authorizeDevice({ device, scope, clientId }),
  )
  return {
    service,
    userCode,
    poll: async () => (await service.pollForToken({ deviceCode, clientId })).outcome,
    review: (by: Partial<UserCodeAnswer> = {}) =>
      service.reviewUserCode({ userCode, person: 'ann', browser: NEAR, ...by }),
    answer: (by: Partial<UserCodeAnswer> = {}) =>
      service.answerUserCode({
        userCode,
        person: 'ann',
        browser: NEAR,
        decision: 'approve',
        ...by,
      }),
  }
}

const withTrusted = (network: string): RegisteredClient => ({
  clientId: 'ci',
  name: { text: 'CI' },
  authentication: { method: 'none' },
  trustedNetworks: { has: (address) => address === network },
})

test('CD-1: proximity=block refuses devices that are not known to be near', async (t) => {
  for (const [device, browser, isNear] of [
    [DEVICE, NEAR, true],
    [DEVICE, FAR, false],
    [{ address: '2001:db8::1' }, { address: '2001:db8::2' }, true],
    [{ address: '2001:db8::1' }, NEAR, false],
    [{}, NEAR, false],
    // A web page cannot pass for a device that is near.
    [{ ...DEVICE, webOrigin: 'https://evil.example' }, NEAR, false],
    [{ ...DEVICE, unlistedProxy: '192.0.2.1' }, { ...NEAR, unlistedProxy: '192.0.2.1' }, false],
  ] as const) {
    const { review, answer, poll, service } = await setting([proximity('block')], { device })
    const [seen, reply] = [await review({ browser }), await answer({ browser })]
    const name = JSON.stringify([device, browser])
    t.is(seen.outcome, isNear ? 'pending' : 'elsewhere', name)
    t.is(reply.outcome, isNear ? 'approved' : 'elsewhere', name)
    const blocked = service.events.filter(({ type }) => type === 'approval_blocked')
    t.is(blocked.length, isNear ? 0 : 2, name)
    if (isNear) continue
    t.is((await answer({ browser, decision: 'deny' })).outcome, 'denied', name)
    t.is(await poll(), 'access_denied', name)
  }
})

test('CD-1: devices in a trusted network of their client are near', async (t) => {
  for (const [network, outcome] of [
    [DEVICE.address, 'approved'],
    ['203.0.113.1', 'elsewhere'],
  ] as const) {
    const clients = { find: async () => withTrusted(network) }
    const safeguards = [proximity('block')]
    const login = await setting({ clients, safeguards }, { clientId: 'ci' })
    t.is((await login.answer({ browser: FAR })).outcome, outcome, network)
    const page = { ...DEVICE, webOrigin: 'https://evil.example' }
    const fromPage = await setting({ clients, safeguards }, { clientId: 'ci', device: page })
    t.is((await fromPage.answer({ browser: FAR })).outcome, 'elsewhere', network)
  }
})

test('CD-1: proximity=confirm needs one of three reasons from afar', async (t) => {
  const { review, answer, service } = await setting([proximity('confirm')])
  t.like(await review(), { outcome: 'pending', needs: [] })
  t.like(await review({ browser: FAR }), { outcome: 'pending', needs: ['elsewhere_reason'] })
  for (const elsewhereReason of [undefined, '', 'because', 'toString']) {
    t.deepEqual(
      await answer({ browser: FAR, elsewhereReason }),
      { outcome: 'invalid_choice', choice: 'elsewhere_reason' },
      elsewhereReason,
    )
  }
  t.is((await answer({ browser: FAR, elsewhereReason: 'vpn' })).outcome, 'approved')
  t.like(service.events.at(-1), { type: 'authorization_approved', elsewhereReason: 'vpn' })
})

test('CD-13: the last four characters are read as a user code is', async (t) => {
  const policy = createPolicy()
  const { review, answer, userCode } = await setting([codeEnding(policy)])
  const [start = '', end = ''] = userCode.split('-')
  t.like(await review(), { outcome: 'pending', needs: ['code_ending'] })
  for (const typed of [undefined, '', start === end ? 'BBBB' : start, end.slice(1), `${end}B`]) {
    t.deepEqual(
      await answer({ codeEnding: typed }),
      { outcome: 'invalid_choice', choice: 'code_ending' },
      typed,
    )
  }
  const spelled = ` ${end.slice(0, 2).toLowerCase()}-${end.slice(2)} `
  t.is((await answer({ codeEnding: spelled })).outcome, 'approved')
})

test('CD-13: a page can hide the last four characters of a code, whatever its mask', (t) => {
  for (const [userCode, end, hidden] of [
    ['WDJB-MJHT', 'MJHT', 'WDJB-••••'],
    ['123-456-789', '6789', '123-45•-•••'],
    ['ABC.DEF GH', 'EFGH', 'ABC.D•• ••'],
    ['12345678', '5678', '1234••••'],
  ] as const) {
    t.is(endingOf(userCode), end)
    t.is(withoutEnding(userCode), hidden)
  }
})

test('CD-13: an approval needs a sign-in that is fresh', async (t) => {
  const { review, answer, service } = await setting([freshSignIn(5 * MINUTE)])
  const signedInAt = service.clock.now()
  t.is((await review()).outcome, 'sign_in_again')
  t.is((await answer()).outcome, 'sign_in_again')
  service.clock.pass(5 * MINUTE + 1)
  t.is((await review({ signedInAt })).outcome, 'sign_in_again')
  t.is((await answer({ signedInAt })).outcome, 'sign_in_again')
  t.is((await answer({ signedInAt: signedInAt + 1 })).outcome, 'approved')
})

test('CD-12: a code needs a key or a client that authenticates', async (t) => {
  const safeguards = [knownPerson()]
  const open = createMemoryService()
  const { apiKey } = await logIn(open, 'ann')
  const service = createMemoryService(undefined, () => open.stores, { safeguards })
  t.like(await service.authorizeDevice({ device: DEVICE }), { outcome: 'unknown_person' })
  t.like(service.events.at(-1), { type: 'client_refused', reason: 'unknown_person' })
  const broken = `${apiKey.slice(0, -1)}${apiKey.endsWith('0') ? '1' : '0'}`
  t.like(await service.authorizeDevice({ device: DEVICE, apiKey: broken }), {
    outcome: 'invalid_api_key',
  })
  t.is(
    (await service.authorizeDevice({ device: DEVICE, clientAuthenticated: true })).outcome,
    'issued',
  )
  const { userCode } = issued(await service.authorizeDevice({ device: DEVICE, apiKey }))
  const decision = 'approve'
  t.like(await service.answerUserCode({ userCode, person: 'bob', decision }), {
    outcome: 'invalid',
    attemptsLeft: 4,
  })
  t.is((await service.answerUserCode({ userCode, person: 'ann', decision })).outcome, 'approved')
})

test('an API key that no safeguard reads is ignored', async (t) => {
  const { service } = await setting([])
  t.is((await service.authorizeDevice({ device: DEVICE, apiKey: 'no key' })).outcome, 'issued')
})

test('CD-7: no request may ask for a sensitive scope', async (t) => {
  const service = createMemoryService(undefined, undefined, {
    scopes,
    safeguards: [refuseSensitiveScopes()],
  })
  const request = { device: DEVICE, scope: 'read admin' }
  t.is((await service.authorizeDevice(request)).outcome, 'sensitive_scope')
  t.is((await service.authorizeDevice({ ...request, scope: 'read' })).outcome, 'issued')
})

test('CD-7: safeguards may hold for sensitive scopes only', async (t) => {
  const safeguards = [
    onlyForSensitiveScopes(proximity('block')),
    onlyForSensitiveScopes(proximity('confirm')),
  ]
  const harmless = await setting({ scopes, safeguards }, { scope: 'read' })
  t.is((await harmless.answer({ browser: FAR })).outcome, 'approved')
  const { review, answer } = await setting({ scopes, safeguards }, { scope: 'read admin' })
  t.is((await review({ browser: FAR })).outcome, 'elsewhere')
  t.is((await answer({ browser: FAR })).outcome, 'elsewhere')
  // Without the sensitive scope the person may approve from there.
  t.is((await answer({ browser: FAR, scopes: ['read'] })).outcome, 'approved')
})

/** A login whose scope becomes sensitive after the request, and whose service gets other safeguards. */
const changing = async ({
  before,
  after,
  request = {},
}: {
  before: readonly Safeguard[]
  after: readonly Safeguard[]
  request?: { apiKey?: string; clientAuthenticated?: true }
}) => {
  let catalogue = new Map<string, CatalogueScope>([
    ['read', { description: { text: 'Read' } }],
    ['admin', { description: { text: 'Everything' } }],
  ])
  const changed = { scopes: () => catalogue }
  const old = createMemoryService(undefined, undefined, { scopes: changed, safeguards: before })
  const next = createMemoryService(undefined, () => old.stores, {
    scopes: changed,
    safeguards: after,
  })
  const { userCode, deviceCode } = issued(
    await old.authorizeDevice({ device: DEVICE, scope: 'read admin', ...request }),
  )
  const answer = { userCode, person: 'ann', browser: NEAR, decision: 'approve' } as const
  return {
    old,
    next,
    markSensitive: () => {
      catalogue = CATALOGUE
    },
    approve: async (by: Partial<UserCodeAnswer> = {}, service = old) =>
      service.answerUserCode({
        ...answer,
        signedInAt: old.clock.now(),
        codeEnding: userCode.slice(-4),
        ...by,
      }),
    pickUp: async (service = next) => (await service.pollForToken({ deviceCode })).outcome,
  }
}

test('CD-7: a scope that becomes sensitive after the approval is in no key', async (t) => {
  const { next, approve, markSensitive, pickUp } = await changing({
    before: [],
    after: [onlyForSensitiveScopes(refuseSensitiveScopes())],
  })
  await approve()
  markSensitive()
  t.is(await pickUp(), 'access_denied')
  t.like(next.events.at(-1), { type: 'pick_up_refused', person: 'ann', reason: 'sensitive_scope' })
})

test('CD-7: a key is not issued again with a scope that has become sensitive', async (t) => {
  const { old, next, approve, markSensitive, pickUp } = await changing({
    before: [],
    after: [refuseSensitiveScopes()],
  })
  await approve()
  t.is(await pickUp(old), 'granted')
  markSensitive()
  next.clock.pass(5 * SECOND)
  t.is(await pickUp(), 'access_denied')
  // The operator takes the mark back.
  old.clock.pass(10 * SECOND)
  t.is(await pickUp(old), 'granted')
})

test('CD-7: a person unticks a scope that has become sensitive since the request', async (t) => {
  const { approve, markSensitive, pickUp, next } = await changing({
    before: [],
    after: [refuseSensitiveScopes()],
  })
  markSensitive()
  t.deepEqual(await approve({}, next), { outcome: 'invalid_choice', choice: 'scopes' })
  t.is((await approve({ scopes: ['read'] }, next)).outcome, 'approved')
  t.is(await pickUp(), 'granted')
})

test('CD-7: a key with a sensitive scope needs an approval that met the conditions', async (t) => {
  const near = onlyForSensitiveScopes(proximity('block'))
  const ending = onlyForSensitiveScopes(codeEnding(createPolicy()))
  const fresh = onlyForSensitiveScopes(freshSignIn(MINUTE))
  const fresher = onlyForSensitiveScopes(freshSignIn(SECOND))
  const known = onlyForSensitiveScopes(knownPerson())
  const nameless = onlyForSensitiveScopes({ blockApproval: () => undefined })
  for (const [name, before, after, by, outcome] of [
    ['nothing was asked', [], [near], {}, 'access_denied'],
    ['near', [near], [near], {}, 'granted'],
    ['near for every scope', [proximity('block')], [near], {}, 'granted'],
    ['not near', [near], [near], { browser: FAR }, 'access_denied'],
    ['one more condition', [near], [near, ending], {}, 'access_denied'],
    ['one condition less', [near, ending], [ending], {}, 'granted'],
    ['a wrong end', [ending], [ending], { codeEnding: 'BBBB' }, 'access_denied'],
    ['fresh', [fresh], [fresh], {}, 'granted'],
    ['not fresh', [fresh], [fresh], { signedInAt: 0 }, 'access_denied'],
    ['another age', [fresh], [fresher], {}, 'access_denied'],
    ['no known person', [known], [known], {}, 'access_denied'],
    ['a rule without a name', [], [nameless], {}, 'granted'],
    ['a rule for all scopes', [], [proximity('block'), knownPerson()], {}, 'granted'],
  ] as const) {
    const login = await changing({ before, after })
    t.is((await login.approve(by)).outcome, 'approved', name)
    login.markSensitive()
    t.is(await login.pickUp(), outcome, name)
  }
})

test('CD-7: a known person stays known until pick-up', async (t) => {
  const known = [onlyForSensitiveScopes(knownPerson())]
  const login = await changing({
    before: known,
    after: known,
    request: { clientAuthenticated: true },
  })
  login.markSensitive()
  t.is((await login.approve()).outcome, 'approved')
  t.is(await login.pickUp(), 'granted')
  const open = createMemoryService(undefined, undefined, { scopes, safeguards: known })
  const { userCode: first, deviceCode: device } = issued(
    await open.authorizeDevice({ device: DEVICE, scope: 'read' }),
  )
  await open.answerUserCode({ userCode: first, person: 'ann', decision: 'approve' })
  const key = await open.pollForToken({ deviceCode: device })
  if (key.outcome !== 'granted') return t.fail()
  const { apiKey } = key
  const { userCode, deviceCode } = issued(
    await open.authorizeDevice({ device: DEVICE, scope: 'admin', apiKey }),
  )
  await open.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.is((await open.pollForToken({ deviceCode })).outcome, 'granted')
})

const SECRETS = ['new '.repeat(8), 'old '.repeat(8)] as const

test('CD-13: a login hint lets one person approve, and the others find no code', async (t) => {
  const loginHints = createLoginHints(() => SECRETS)
  for (const [loginHint, person, email, isNamed] of [
    ['ann', 'ann', undefined, true],
    ['ANN', 'ann', undefined, false],
    ['Ann@X.example', 'ann', 'ann@x.example', true],
    ['ann@x.example', 'ann', undefined, false],
    ['bob', 'ann', 'ann@x.example', false],
    // An address that is another person's id names that person alone.
    ['ann@x.example', 'ann@x.example', 'other@x.example', true],
  ] as const) {
    const service = createMemoryService(undefined, undefined, { loginHints })
    const { userCode } = issued(await service.authorizeDevice({ device: DEVICE, loginHint }))
    const typed = { userCode, person, email }
    const seen = await service.reviewUserCode(typed)
    t.is(seen.outcome, isNamed ? 'pending' : 'invalid', loginHint)
    const decided = await service.answerUserCode({ ...typed, decision: 'deny' })
    const expected = isNamed ? { outcome: 'denied' } : { outcome: 'invalid', attemptsLeft: 3 }
    t.like(decided, expected, loginHint)
    const stored = JSON.stringify([
      [...service.stores.userCodes.entries()],
      [...service.stores.grants.entries()],
    ])
    t.false(stored.toLowerCase().includes(loginHint.toLowerCase()) && !isNamed, loginHint)
    t.false(JSON.stringify(service.events).includes('login'), loginHint)
  }
})

test('a login hint outlives a rotation of secrets, and the end of the setting fails closed', async (t) => {
  const [next, old] = SECRETS
  const before = createMemoryService(undefined, undefined, {
    loginHints: createLoginHints(() => [old]),
  })
  const { userCode } = issued(await before.authorizeDevice({ device: DEVICE, loginHint: 'ann' }))
  const outcome = async (loginHints: Modules['loginHints']) => {
    const service = createMemoryService(undefined, () => before.stores, { loginHints })
    return (await service.reviewUserCode({ userCode, person: 'ann' })).outcome
  }
  t.is(await outcome(createLoginHints(() => [next, old])), 'pending')
  t.is(await outcome(createLoginHints(() => [next])), 'invalid')
  t.is(await outcome(undefined), 'invalid')
  const tooLong = { device: DEVICE, loginHint: 'a'.repeat(257) }
  t.is((await before.authorizeDevice(tooLong)).outcome, 'login_hint_too_long')
  t.is((await createMemoryService().authorizeDevice(tooLong)).outcome, 'issued')
})

test('CD-4: a code ends when so many people open it or try to', async (t) => {
  const service = createMemoryService(createPolicy({ contestedLimit: 3 }))
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: DEVICE }))
  const look = (person: string) => service.reviewUserCode({ userCode, person })
  t.is((await look('ann')).outcome, 'pending')
  t.is((await look('bob')).outcome, 'contested')
  t.is((await look('bob')).outcome, 'contested')
  t.is((await look('ann')).outcome, 'pending')
  service.clock.pass(SECOND)
  t.deepEqual(await look('cho'), { outcome: 'expired' })
  t.like(service.events.at(-1), { type: 'contested_code_ended', person: 'cho', people: 3 })
  const count = service.events.length
  t.like(await look('ann'), { outcome: 'expired', userCode })
  t.deepEqual(await look('dan'), { outcome: 'expired' })
  t.is(service.events.length, count, 'the event comes once')
  const approve = await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.is(approve.outcome, 'expired')
  t.is((await service.pollForToken({ deviceCode })).outcome, 'expired_token')
})

test('CD-4: an account that found the code taken and was left does not count', async (t) => {
  const service = createMemoryService(createPolicy({ contestedLimit: 3 }))
  const { userCode } = issued(await service.authorizeDevice({ device: DEVICE }))
  const look = (person: string) => service.reviewUserCode({ userCode, person })
  await look('ann')
  t.is((await look('bob')).outcome, 'contested')
  await service.releaseUserCode({ userCode, person: 'bob' })
  t.is((await look('bob@work')).outcome, 'contested')
  t.is((await look('ann')).outcome, 'pending')
})

test('CD-4: accounts that a person switches between count once, and an approval stands', async (t) => {
  const service = createMemoryService(createPolicy({ contestedLimit: 2, openedForMs: SECOND }))
  const { userCode, deviceCode } = issued(await service.authorizeDevice({ device: DEVICE }))
  await service.reviewUserCode({ userCode, person: 'ann' })
  await service.releaseUserCode({ userCode, person: 'ann' })
  const approve = { userCode, person: 'ann@work', decision: 'approve' } as const
  t.is((await service.answerUserCode(approve)).outcome, 'approved')
  t.is((await service.reviewUserCode({ userCode, person: 'bob' })).outcome, 'expired')
  t.like(await service.answerUserCode(approve), { outcome: 'already_processed', yours: 'approve' })
  t.is((await service.pollForToken({ deviceCode })).outcome, 'granted')
})
