/** Receives a text for each mistake. It begins with the place of the mistake. */
export type Report = (mistake: string) => void

/** Returns what is wrong with a text, without the text, or `undefined`. */
export type CheckText = (text: string) => string | undefined

/**
 * One value of a JSON document, with its place in the document. Each read reports a value that is wrong,
 * and returns `undefined` for it. No report repeats a value, because values may be secret.
 */
export class JsonPlace {
  readonly #value: unknown
  readonly #path: string
  readonly #report: Report

  /** @param path an empty text for the whole document */
  constructor(value: unknown, path: string, report: Report) {
    this.#value = value
    this.#path = path
    this.#report = report
  }

  /** The place, for example `clients[3].networks[0]`. */
  get path(): string {
    return this.#path === '' ? 'the file' : this.#path
  }

  /** Reports a mistake. `what` continues a sentence that begins with the place. */
  refuse(what: string): undefined {
    this.#report(`${this.path} ${what}`)
    return undefined
  }

  text(check: CheckText = () => undefined): string | undefined {
    if (typeof this.#value !== 'string') return this.refuse('must be a text')
    const wrong = check(this.#value)
    return wrong === undefined ? this.#value : this.refuse(wrong)
  }

  oneOf<T extends string>(values: readonly T[]): T | undefined {
    const found = values.find((value) => value === this.#value)
    return found ?? this.refuse(`must be one of ${values.join(', ')}`)
  }

  flag(): boolean | undefined {
    return typeof this.#value === 'boolean' ? this.#value : this.refuse('must be true or false')
  }

  wholeNumber(least: number): number | undefined {
    return Number.isSafeInteger(this.#value) && Number(this.#value) >= least
      ? Number(this.#value)
      : this.refuse(`must be a whole number of ${least} or more`)
  }

  /** The entries of a list. Texts and numbers must differ. */
  entries({
    least = 0,
    most = Number.POSITIVE_INFINITY,
  }: {
    readonly least?: number
    readonly most?: number
  } = {}): readonly JsonPlace[] {
    if (!Array.isArray(this.#value)) {
      this.refuse('must be a list')
      return []
    }
    const { length } = this.#value
    if (length < least) this.refuse(`must have ${least} or more entries`)
    if (length > most) this.refuse(`must have ${most} entries at most`)
    const seen = new Set<unknown>()
    return this.#value.map((value: unknown, i) => {
      const entry = new JsonPlace(value, `${this.#path}[${i}]`, this.#report)
      if (seen.has(value)) entry.refuse('repeats an earlier entry')
      seen.add(value)
      return entry
    })
  }

  /** The members of an object. */
  members(): JsonMembers | undefined {
    const value = this.#value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.refuse('must be an object')
    }
    const members = Object.entries(value).map(([name, member]) => {
      const place = new JsonPlace(member, memberPath(this.#path, name), this.#report)
      return [name, place] as const
    })
    return new JsonMembers(this, value as Readonly<Record<string, unknown>>, new Map(members))
  }
}

/** The path of a member, for example `clients[0].scope` or `scopes["projects:read"]`. */
export const memberPath = (path: string, name: string): string => {
  if (!/^[$\w]+$/.test(name)) return `${path}[${JSON.stringify(name.slice(0, 60))}]`
  return path === '' ? name : `${path}.${name}`
}

/** The members of one JSON object. Each is taken by its name, and the others are mistakes. */
export class JsonMembers {
  /** The object itself. */
  readonly place: JsonPlace
  /** The object as it was parsed. */
  readonly object: Readonly<Record<string, unknown>>
  readonly #members: ReadonlyMap<string, JsonPlace>
  readonly #taken = new Set<string>()

  constructor(
    place: JsonPlace,
    object: Readonly<Record<string, unknown>>,
    members: ReadonlyMap<string, JsonPlace>,
  ) {
    this.place = place
    this.object = object
    this.#members = members
  }

  /** A member that may be absent. */
  take(name: string): JsonPlace | undefined {
    this.#taken.add(name)
    return this.#members.get(name)
  }

  /** A member that must be there. */
  takeRequired(name: string): JsonPlace | undefined {
    return this.take(name) ?? this.place.refuse(`must have ${name}`)
  }

  /** Every member whose name begins so, with the rest of its name. */
  takeAll(beginning = ''): readonly (readonly [rest: string, member: JsonPlace])[] {
    return [...this.#members].flatMap(([name, member]) => {
      if (!name.startsWith(beginning)) return []
      this.#taken.add(name)
      return [[name.slice(beginning.length), member]]
    })
  }

  /** Reports every member that was not taken. */
  refuseOthers(): void {
    for (const [name, member] of this.#members) {
      if (!this.#taken.has(name)) member.refuse('is an unknown member')
    }
  }
}
