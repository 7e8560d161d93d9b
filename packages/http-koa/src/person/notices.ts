import type { Context } from 'koa'
import type { SignedCookies } from '../security/signed-cookies.ts'

const COOKIE = 'notice'
/** How long the redirect to the list may take, in milliseconds. */
const LIFETIME_MS = 60_000
/** More characters than the name of a device has. */
const MAX_LENGTH = 128

const KINDS = ['revoked', 'revoked_all', 'renamed'] as const

/** What happened to the devices of a person. */
export interface Notice {
  readonly kind: (typeof KINDS)[number]
  /** For `revoked`: the name of the device, or of its program. */
  readonly deviceName?: string | undefined
}

/**
 * Carries what happened to the list of devices, which shows it once. It is a signed cookie, because a link
 * of another site must not make the list say what did not happen.
 */
export class Notices {
  readonly #signedCookies: SignedCookies

  constructor(signedCookies: SignedCookies) {
    this.#signedCookies = signedCookies
  }

  /** Keeps a notice until the list shows it. */
  async remember(ctx: Context, { kind, deviceName }: Notice): Promise<void> {
    const device =
      deviceName === undefined
        ? {}
        : { device: Array.from(deviceName).slice(0, MAX_LENGTH).join('') }
    await this.#signedCookies.set(ctx, COOKIE, { kind, ...device }, LIFETIME_MS)
  }

  /** Deletes the notice and returns it, if there is one. */
  async take(ctx: Context): Promise<Notice | undefined> {
    const claims = await this.#signedCookies.take(ctx, COOKIE)
    const kind = KINDS.find((known) => known === claims?.['kind'])
    const device = claims?.['device']
    return kind && { kind, deviceName: typeof device === 'string' ? device : undefined }
  }
}
