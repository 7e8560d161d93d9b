import {
  type AnswerReply,
  type ApiKey,
  type ApiKeyStore,
  type CodeAttempts,
  CompareAndSwapStore,
  type CutOff,
  comparePlaces,
  createPolicy,
  createUseCases,
  type Decision,
  type DeviceGrant,
  grantIdOf,
  keyIdOf,
  placeOf,
  type Retained,
  type Revocation,
  type StoredApiKey,
  StoreError,
  type TokenReply,
  type UseCases,
  type UserCodeClaim,
  type VersionedDriver,
} from '@device-grant/core'
import fc from 'fast-check'
import { issued } from './issued.ts'
import { type CommandFault, ReplicaSetModel, type Step } from './replica-set-model.ts'

/** What one of the actors does. `by` is the process that answers. */
type Action = { readonly by: 0 | 1 } & (
  | { readonly do: 'poll' }
  | { readonly do: Decision; readonly person: Person }
  | { readonly do: 'revoke' | 'revoke all'; readonly person: Person }
  | { readonly do: 'use' }
)

type Person = 'ann' | 'bob'

/** One search through the interleavings of a login. */
export interface Scenario {
  /** Each list is one actor, who does one thing after the other. */
  readonly actors: readonly (readonly Action[])[]
  /** What goes wrong with the commands of each process, in their order. */
  readonly faults: readonly (readonly (CommandFault | undefined)[])[]
  /** The process that crashes, and after how many of its commands. */
  readonly crash: { readonly process: 0 | 1; readonly after: number } | undefined
  /** Fail-overs of the key store, each after so many steps. They forget what no majority had. */
  readonly failOvers: readonly number[]
  /** Fail-overs of the grant store, each after so many steps. They forget acknowledged writes too. */
  readonly forgotten: readonly { readonly after: number; readonly writes: number }[]
}

const process = fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>
const person = fc.constantFrom<Person>('ann', 'bob')

const poll = fc.record({ by: process, do: fc.constant('poll' as const) })

const use = fc.record({ by: process, do: fc.constant('use' as const) })

const decision = fc.record({
  by: process,
  do: fc.constantFrom('approve', 'approve', 'deny'),
  person,
})

const revocation = fc.record({ by: process, do: fc.constantFrom('revoke', 'revoke all'), person })

/** A device that polls, and sometimes uses the key that it got. */
const device: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: poll }, { weight: 1, arbitrary: use }),
  { minLength: 3, maxLength: 8 },
)

/** People who decide, decide again, and revoke. */
const people: fc.Arbitrary<readonly Action[]> = fc
  .tuple(
    decision,
    fc.array(fc.oneof({ weight: 1, arbitrary: decision }, { weight: 3, arbitrary: revocation }), {
      maxLength: 4,
    }),
  )
  .map(([first, more]) => [first, ...more])

const faultKind = fc.constantFrom<CommandFault>('command lost', 'answer lost', 'late')

/** What goes wrong with the commands of one process. */
type Faults = Scenario['faults'][number]

const someFaults: fc.Arbitrary<Faults> = fc.array(
  fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: faultKind }),
  { maxLength: 30 },
)

const oneFault: fc.Arbitrary<Faults> = fc
  .tuple(fc.nat(9), faultKind)
  .map(([before, kind]) => [...Array<undefined>(before).fill(undefined), kind])

const noFaults: fc.Arbitrary<Faults> = fc.constant([])

const steps = fc.integer({ min: 0, max: 40 })

/** Scenarios in which the grant store keeps what it acknowledged, or forgets some of it. */
export const scenarios = ({ forgets }: { readonly forgets: boolean }): fc.Arbitrary<Scenario> => {
  const forgotten = forgets
    ? fc.array(fc.record({ after: steps, writes: fc.integer({ min: 0, max: 2 }) }), {
        minLength: 1,
        maxLength: 2,
      })
    : fc.constant([])
  const crash = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ process, after: fc.integer({ min: 0, max: 25 }) }) },
  )
  const everything = fc.record({
    actors: fc.tuple(
      people,
      device,
      fc.oneof({ weight: 2, arbitrary: people }, device, fc.constant([])),
    ),
    faults: fc.tuple(
      fc.oneof({ weight: 3, arbitrary: someFaults }, oneFault),
      fc.oneof({ weight: 3, arbitrary: someFaults }, oneFault),
    ),
    crash,
    failOvers: fc.array(steps, { maxLength: 2 }),
    forgotten,
  })
  // The shorter a scenario is, the more of its interleavings are tried.
  const twoDecisions = fc.record({
    actors: fc.tuple(
      decision.map((first) => [{ ...first, by: 0 as const }]),
      fc.array(poll, { minLength: 1, maxLength: 3 }),
      decision.map((second) => [{ ...second, by: 1 as const }]),
    ),
    faults: fc.oneof(fc.tuple(oneFault, noFaults), fc.tuple(noFaults, oneFault)),
    crash: fc.constant(undefined),
    failOvers: fc.constant([]),
    forgotten,
  })
  // One process stops, or answers late, and the other one goes on with what a fail-over may forget.
  const oneFailOver = fc.record({
    actors: fc.tuple(
      people.map((actions) => actions.slice(0, 2).map((each) => ({ ...each, by: 0 as const }))),
      device.map((actions) => actions.slice(0, 4)),
      fc
        .array(fc.oneof(decision, revocation), { maxLength: 1 })
        .map((actions) => actions.map((each) => ({ ...each, by: 1 as const }))),
    ),
    faults: fc.tuple(noFaults, fc.oneof(noFaults, oneFault)),
    crash: fc.option(fc.record({ process: fc.constant(0 as const), after: fc.nat(16) }), {
      nil: undefined,
    }),
    failOvers: fc.tuple(steps),
    forgotten,
  })
  return fc.oneof(
    { weight: 2, arbitrary: everything },
    { weight: 1, arbitrary: twoDecisions },
    { weight: 1, arbitrary: oneFailOver },
  )
}

const START = Date.UTC(2030, 0, 1)
const POLL_MS = 5_000

interface Answered {
  readonly person: Person
  readonly decision: Decision
  /** Absent while the process has not answered, for example after its crash. */
  reply?: AnswerReply
}

/** What the device and both people observed. */
interface Observed {
  readonly answers: Answered[]
  readonly polls: TokenReply[]
  readonly apiKeys: Set<string>
  /**
   * Set once a person got the answer that their key is revoked. No key that they approved until this
   * time, in epoch milliseconds, is issued or works any more.
   */
  readonly revokedUntil: Map<Person, number>
  readonly violations: string[]
}

/** Which promises a scenario broke, and how often each event was observed. */
export interface Findings {
  readonly violations: readonly string[]
  readonly granted: number
  readonly approved: number
  readonly denied: number
  readonly revoked: number
}

/** Runs one scenario. */
export const findingsOf = async (
  scenario: Scenario,
  scheduler: fc.Scheduler,
): Promise<Findings> => {
  const service = new Service(scenario, scheduler)
  const { deviceCode, userCode } = await service.authorize()
  const observed: Observed = {
    answers: [],
    polls: [],
    apiKeys: new Set(),
    revokedUntil: new Map(),
    violations: [],
  }
  const run = new Run(service, observed, { deviceCode, userCode, scenario })
  service.disturb()
  for (const actions of scenario.actors) void run.act(actions)
  await scheduler.waitIdle()
  await run.check()
  const { answers, polls, revokedUntil, violations } = observed
  const answered = (outcome: AnswerReply['outcome']): number =>
    answers.filter(({ reply }) => reply?.outcome === outcome).length
  return {
    violations,
    granted: polls.filter(({ outcome }) => outcome === 'granted').length,
    approved: answered('approved'),
    denied: answered('denied'),
    revoked: revokedUntil.size,
  }
}

/** Two processes on the same stores, and a third one that nothing disturbs. */
class Service {
  readonly #grants = new ReplicaSetModel<DeviceGrant>('grants')
  readonly #userCodes = new ReplicaSetModel<UserCodeClaim>('user codes')
  readonly #codeAttempts = new ReplicaSetModel<CodeAttempts>('code attempts')
  readonly #apiKeys = new ReplicaSetModel<ApiKey>('api keys')
  readonly #cutOffs = new ReplicaSetModel<CutOff>('cut-offs')
  readonly #keyIds = new Set<string>()
  readonly #scheduler: fc.Scheduler
  readonly #scenario: Scenario
  readonly processes: readonly [UseCases, UseCases]
  readonly undisturbed: UseCases
  #disturbed = false
  now = START

  constructor(scenario: Scenario, scheduler: fc.Scheduler) {
    this.#scenario = scenario
    this.#scheduler = scheduler
    this.processes = [this.#process(0), this.#process(1)]
    const calm: Step = async () => {}
    this.undisturbed = this.#useCases((model) => model.connect(calm, () => undefined))
  }

  async authorize(): Promise<{ readonly deviceCode: string; readonly userCode: string }> {
    const codes = issued(await this.undisturbed.authorizeDevice({ device: {} }))
    this.#keyIds.add(keyIdOf(grantIdOf(codes.deviceCode)))
    return codes
  }

  /** From now on commands fail, servers fail over and processes crash, as the scenario says. */
  disturb(): void {
    this.#disturbed = true
    const { failOvers, forgotten } = this.#scenario
    for (const after of failOvers) {
      void this.#stepsOf('fail-over of the key store', after).then(() => {
        this.#apiKeys.failOver()
        this.#cutOffs.failOver()
      })
    }
    for (const { after, writes } of forgotten) {
      void this.#stepsOf('fail-over of the grant store', after).then(() =>
        this.#grants.failOver(writes),
      )
    }
  }

  async #stepsOf(label: string, count: number): Promise<void> {
    for (let i = 0; i <= count; i++) await this.#step(`${label}, step ${i}`)
  }

  grant(id: string): DeviceGrant | undefined {
    return this.#grants.get(id)?.state
  }

  key(id: string): ApiKey | undefined {
    return this.#apiKeys.get(id)?.state
  }

  async #step(label: string): Promise<void> {
    if (this.#disturbed) await this.#scheduler.schedule(Promise.resolve(), label)
  }

  #process(which: 0 | 1): UseCases {
    const { crash, faults } = this.#scenario
    const left = [...(faults[which] ?? [])]
    let commands = 0
    const step: Step = async (label) => {
      if (!this.#disturbed) return
      commands += 1
      // A crashed process neither sends nor receives anything any more.
      if (crash?.process === which && commands > crash.after) await new Promise(() => {})
      await this.#step(`${which}: ${label}`)
    }
    const nextFault = (): CommandFault | undefined => (this.#disturbed ? left.shift() : undefined)
    return this.#useCases((model) => model.connect(step, nextFault))
  }

  #useCases(
    connect: <S extends Retained>(model: ReplicaSetModel<S>) => VersionedDriver<S>,
  ): UseCases {
    const storeOf = <S extends Retained>(model: ReplicaSetModel<S>) =>
      new CompareAndSwapStore(connect(model), {
        pause: async () => {},
        random: () => 0,
        now: () => 0,
      })
    const keys = storeOf(this.#apiKeys)
    const apiKeys: ApiKeyStore = {
      read: (id) => keys.read(id),
      update: (id, transition) => keys.update(id, transition),
      find: async ({ owner }) => {
        const found: StoredApiKey[] = []
        for (const id of this.#keyIds) {
          const key = await keys.read(id)
          if (key && key.status !== 'erased' && key.owner === owner) found.push({ id, key })
        }
        return { keys: found.sort((a, b) => comparePlaces(placeOf(a), placeOf(b))) }
      },
    }
    return createUseCases({
      grants: storeOf(this.#grants),
      userCodes: storeOf(this.#userCodes),
      codeAttempts: storeOf(this.#codeAttempts),
      apiKeys,
      cutOffs: storeOf(this.#cutOffs),
      // Both people may have the code open, and nothing is cached between two uses.
      policy: createPolicy({
        openedForMs: 0,
        keyCheckMaxAgeMs: 0,
        wrongCodesPerPerson: 20,
        userCodeMask: '****-****-****',
      }),
      clock: { now: () => this.now },
    })
  }
}

/** What the actors do, and what they observe. */
class Run {
  readonly #service: Service
  readonly #observed: Observed
  readonly #deviceCode: string
  readonly #userCode: string
  readonly #keyId: string
  readonly #scenario: Scenario

  constructor(
    service: Service,
    observed: Observed,
    {
      deviceCode,
      userCode,
      scenario,
    }: { readonly deviceCode: string; readonly userCode: string; readonly scenario: Scenario },
  ) {
    this.#service = service
    this.#observed = observed
    this.#deviceCode = deviceCode
    this.#userCode = userCode
    this.#keyId = keyIdOf(grantIdOf(deviceCode))
    this.#scenario = scenario
  }

  async act(actions: readonly Action[]): Promise<void> {
    for (const each of actions) {
      await this.#do(each).catch((error: unknown) => {
        // A process may find its store down. Every other error is a defect.
        if (!(error instanceof StoreError)) this.#violated(`${each.do} threw ${String(error)}`)
      })
    }
  }

  async #do(action: Action): Promise<void> {
    const useCases = this.#service.processes[action.by]
    switch (action.do) {
      case 'poll':
        return this.#poll(useCases)
      case 'approve':
      case 'deny':
        return this.#answer(useCases, action.person, action.do)
      case 'revoke': {
        const request = { owner: action.person, keyId: this.#keyId }
        return this.#observeRevocation(action.person, await useCases.revokeApiKey(request))
      }
      case 'revoke all':
        return this.#revokeAll(useCases, action.person)
      case 'use':
        return this.#use(useCases)
    }
  }

  async #poll(useCases: UseCases): Promise<void> {
    const { apiKeys, revokedUntil, polls } = this.#observed
    this.#service.now += POLL_MS
    const revokedBefore = new Map(revokedUntil)
    const reply = await useCases.pollForToken({ deviceCode: this.#deviceCode })
    polls.push(reply)
    if (reply.outcome !== 'granted') return
    apiKeys.add(reply.apiKey)
    const owner = this.#revokedOwner(revokedBefore)
    if (owner !== undefined) this.#violated(`a key that ${owner} had revoked was issued`)
  }

  async #answer(useCases: UseCases, person: Person, decision: Decision): Promise<void> {
    const answered: Answered = { person, decision }
    this.#observed.answers.push(answered)
    const key = this.#service.key(this.#keyId)
    const isPickedUp = key?.status === 'claimed' || key?.status === 'active'
    const isAnothers = isPickedUp && key.owner !== person
    const hadRevoked = this.#observed.revokedUntil.get(person) === Number.POSITIVE_INFINITY
    const reply = await useCases.answerUserCode({ userCode: this.#userCode, person, decision })
    answered.reply = reply
    if (reply.outcome === 'approved' && hadRevoked) {
      this.#violated(`${person} revoked the key, and approved it again`)
    }
    if (isAnothers && (reply.outcome === 'approved' || reply.outcome === 'denied')) {
      this.#violated(`${person} got the answer "${reply.outcome}" about another person's key`)
    }
  }

  async #revokeAll(useCases: UseCases, person: Person): Promise<void> {
    const { now } = this.#service
    const revoked = await useCases.revokeAllApiKeys(person)
    // A key that was found cannot be approved again. What was approved before is over in any case.
    this.#observeRevoked(person, revoked > 0 ? Number.POSITIVE_INFINITY : now)
  }

  #observeRevocation(person: Person, revocation: Revocation): void {
    if (revocation !== 'no_such_key') this.#observeRevoked(person, Number.POSITIVE_INFINITY)
  }

  #observeRevoked(person: Person, until: number): void {
    const { revokedUntil } = this.#observed
    revokedUntil.set(person, Math.max(until, revokedUntil.get(person) ?? 0))
  }

  /** The owner of the stored key, if that person got the answer that it is revoked. */
  #revokedOwner(revokedUntil: ReadonlyMap<Person, number>): Person | undefined {
    const key = this.#service.key(this.#keyId)
    if (!key || key.status === 'erased') return undefined
    const owner = key.owner as Person
    const until = revokedUntil.get(owner)
    return until !== undefined && key.approvedAt <= until ? owner : undefined
  }

  async #use(useCases: UseCases): Promise<void> {
    const { apiKeys, revokedUntil } = this.#observed
    const [apiKey] = apiKeys
    if (apiKey === undefined) return
    const revokedBefore = new Map(revokedUntil)
    const used = await useCases.authenticateApiKey(apiKey)
    const owner = this.#revokedOwner(revokedBefore)
    if (used.outcome === 'valid' && owner !== undefined) {
      this.#violated(`a key that ${owner} had revoked works`)
    }
  }

  #violated(what: string): void {
    this.#observed.violations.push(what)
  }

  /** The promises of the README, asked once nothing is disturbed any more. */
  async check(): Promise<void> {
    const { answers, apiKeys, revokedUntil } = this.#observed
    const forgets = this.#scenario.forgotten.length > 0
    const answersWith = (outcome: AnswerReply['outcome']): readonly Answered[] =>
      answers.filter(({ reply }) => reply?.outcome === outcome)
    const [approved, denied] = [answersWith('approved'), answersWith('denied')]

    // Of several decisions one counts, and every answer says which.
    const winners = new Set(
      [...approved, ...denied].map(({ person, decision }) => `${decision} by ${person}`),
    )
    if (!forgets && winners.size > 1)
      this.#violated(`two decisions won: ${[...winners].join(', ')}`)

    // The answer is "already processed" only after a decision, or for a person who revoked.
    const grant = this.#service.grant(grantIdOf(this.#deviceCode))
    const isOpen = grant?.status === 'pending'
    for (const { person } of answersWith('already_processed')) {
      if (!forgets && isOpen && !this.#pressedRevoke(person)) {
        this.#violated(`${person} got "already processed", and there was no decision`)
      }
    }

    // A device gets its key once a person got the answer that it is approved, unless it was revoked.
    const { undisturbed } = this.#service
    const used = this.#service.key(this.#keyId)?.status === 'active'
    this.#service.now += POLL_MS
    const last = await undisturbed.pollForToken({ deviceCode: this.#deviceCode })
    if (last.outcome === 'granted') apiKeys.add(last.apiKey)
    const [winner] = approved
    const mayBeRevoked = this.#pressedRevoke('ann') || this.#pressedRevoke('bob')
    if (!forgets && winner && !used && !mayBeRevoked && last.outcome !== 'granted') {
      this.#violated(`approved by ${winner.person}, and the device got ${last.outcome}`)
    }
    if (!forgets && denied.length > 0 && last.outcome !== 'access_denied') {
      this.#violated(`denied, and the device got ${last.outcome}`)
    }

    // One code gives one key, and it belongs to a person who pressed Approve.
    if (apiKeys.size > 1) this.#violated(`${apiKeys.size} keys were issued`)
    for (const apiKey of apiKeys) {
      const key = await undisturbed.authenticateApiKey(apiKey)
      if (key.outcome !== 'valid') continue
      const mayOwn = answers.some(
        ({ person, decision, reply }) =>
          person === key.owner &&
          decision === 'approve' &&
          // A device may find an approval that its store forgets before it answers.
          (forgets ||
            reply === undefined ||
            reply.outcome === 'approved' ||
            reply.outcome === 'outcome_unknown' ||
            (reply.outcome === 'already_processed' && reply.yours === 'approve')),
      )
      if (!mayOwn) this.#violated(`the key belongs to ${key.owner}, who did not approve`)
      const [decided] = winners
      if (!forgets && decided !== undefined && decided !== `approve by ${key.owner}`) {
        this.#violated(`the key belongs to ${key.owner}, but ${decided} won`)
      }
      // A key does not work and is not issued once a person got the answer that it is revoked.
      const revoker = this.#revokedOwner(revokedUntil)
      if (revoker !== undefined) this.#violated(`${revoker} revoked the key, and it works`)
    }
  }

  /** Whether a person pressed a button that revokes, whatever came of it. */
  #pressedRevoke(person: Person): boolean {
    return this.#scenario.actors
      .flat()
      .some((each) => (each.do === 'revoke' || each.do === 'revoke all') && each.person === person)
  }
}
