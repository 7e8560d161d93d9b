import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Clock } from '@device-grant/core'

/** Where GitHub publishes the keys of its secret scanning. */
export const GITHUB_KEYS_URL = 'https://api.github.com/meta/public_keys/secret_scanning'

const TIMEOUT_MS = 5_000
/** How long the keys are used without a question for newer ones, in milliseconds. */
const FRESH_FOR_MS = 3_600_000
/** How long they are used while no newer ones can be fetched, in milliseconds. */
const USED_FOR_MS = 24 * FRESH_FOR_MS
/** The shortest time between two fetches, in milliseconds. Anyone may send unknown key ids. */
const FETCH_EVERY_MS = 60_000
const MAX_DOCUMENT = 262_144

/** Thrown when the keys cannot be fetched. */
export class GithubKeysError extends Error {
  override readonly name = 'GithubKeysError'
}

/** The public keys of GitHub's secret scanning, fetched when they are needed. */
export class GithubKeys {
  readonly #url: string
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  #keys: ReadonlyMap<string, KeyObject> = new Map()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  /** @param options.onError receives the error of every fetch, at most one a minute */
  constructor({
    url,
    clock,
    onError,
  }: {
    readonly url: string
    readonly clock: Clock
    readonly onError: (error: unknown) => void
  }) {
    this.#url = url
    this.#clock = clock
    this.#onError = onError
  }

  /**
   * Finds a key. An unknown id leads to a fetch at most once a minute.
   * @returns `undefined` if GitHub has no such key
   * @throws {GithubKeysError} if there are no keys, because they cannot be fetched
   */
  async find(keyId: string): Promise<KeyObject | undefined> {
    if (!this.#keys.has(keyId) || this.#ageMs() >= FRESH_FOR_MS) await this.#refresh()
    if (this.#ageMs() < USED_FOR_MS) return this.#keys.get(keyId)
    throw new GithubKeysError('The public keys of GitHub cannot be fetched')
  }

  #ageMs(): number {
    return this.#clock.now() - this.#fetchedAt
  }

  async #refresh(): Promise<void> {
    const sinceTryMs = this.#clock.now() - this.#triedAt
    if (!this.#fetching && (sinceTryMs < 0 || sinceTryMs >= FETCH_EVERY_MS)) {
      this.#triedAt = this.#clock.now()
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined
      })
    }
    await this.#fetching
  }

  async #fetch(): Promise<void> {
    try {
      this.#keys = await fetchKeys(this.#url)
      this.#fetchedAt = this.#clock.now()
    } catch (error) {
      this.#onError(error)
    }
  }
}

const fetchKeys = async (url: string): Promise<ReadonlyMap<string, KeyObject>> => {
  const response = await fetch(url, {
    headers: { accept: 'application/json', 'user-agent': 'device-grant' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status !== 200) throw new Error('unexpected HTTP status', { cause: response })
  return keysIn(JSON.parse(await textOf(response)))
}

const textOf = async (response: Response): Promise<string> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_DOCUMENT) throw new Error('The document is too long')
  }
  return text
}

const keysIn = (document: unknown): ReadonlyMap<string, KeyObject> => {
  const { public_keys } = (document ?? {}) as { readonly public_keys?: unknown }
  if (!Array.isArray(public_keys)) throw new Error('The document has no public_keys')
  return new Map(
    public_keys.flatMap((entry: unknown) => {
      const { key_identifier, key } = (entry ?? {}) as Readonly<Record<string, unknown>>
      const read = typeof key === 'string' ? ecdsaP256(key) : undefined
      return typeof key_identifier === 'string' && read ? [[key_identifier, read] as const] : []
    }),
  )
}

/** A P-256 key, or `undefined` if it is another key or none. */
const ecdsaP256 = (pem: string): KeyObject | undefined => {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined
  } catch {
    return undefined
  }
}
