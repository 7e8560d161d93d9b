import { createHash } from 'node:crypto'
import type { Clock } from '@device-grant/core'
import type { Paths } from '../paths.ts'
import type { Signer } from '../security/signer.ts'

const PURPOSE = 'denial'
/** How long the page of a denial can be loaded again, in milliseconds. */
const LIFETIME_MS = 24 * 60 * 60_000

/** A request that a person denied or reported. */
export interface Denial {
  /** The code as the device shows it. */
  readonly userCode: string | undefined
  readonly clientId: string | undefined
  /** The operator's name for the client. */
  readonly programName: string | undefined
  /** Whether the person said that they did not start it. */
  readonly isReported: boolean
  /** The id of the key that the person had approved before they reported the request. */
  readonly approvedKeyId?: string | undefined
}

/**
 * Names denials in links that can be loaded again. They are signed, because a link of another site must
 * not make a page say what did not happen. Each is for the person who denied.
 */
export class Denials {
  readonly #signer: Signer
  readonly #clock: Clock
  readonly #links: Paths

  constructor(options: { readonly signer: Signer; readonly clock: Clock; readonly links: Paths }) {
    this.#signer = options.signer
    this.#clock = options.clock
    this.#links = options.links
  }

  /** The path of the page of a denial. */
  pathOf(person: string, { isReported, ...denial }: Denial): string {
    const claims = { ...denial, person: hashOf(person), reported: isReported ? 1 : 0 }
    const text = this.#signer.sign(PURPOSE, claims, this.#clock.now() + LIFETIME_MS)
    return `${this.#links.denied}?notice=${text}`
  }

  /** Reads a denial of this person, or `undefined` if the text is forged, old or of another person. */
  read(person: string, text: unknown): Denial | undefined {
    if (typeof text !== 'string') return undefined
    const claims = this.#signer.verify(PURPOSE, text, this.#clock.now())
    if (claims?.['person'] !== hashOf(person)) return undefined
    const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)
    return {
      userCode: textOf(claims['userCode']),
      clientId: textOf(claims['clientId']),
      programName: textOf(claims['programName']),
      isReported: claims['reported'] === 1,
      approvedKeyId: textOf(claims['approvedKeyId']),
    }
  }
}

const hashOf = (person: string): string => createHash('sha256').update(person).digest('base64url')
