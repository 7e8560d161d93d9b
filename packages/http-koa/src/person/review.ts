import {
  compareNetworks,
  type DeviceInfo,
  keyNameOf,
  type PendingAuthorization,
  type ReplaceableKey,
  type RequestedScopeName,
  textIn,
  type UseCases,
} from '@device-grant/core'
import { bodyField } from '../http/body-field.ts'
import { isoTime } from '../http/iso-time.ts'
import { sendJson } from '../http/json-response.ts'
import { sendProblem } from '../http/problem.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { PageLanguage } from './page-language.ts'
import { isView } from './page-view.ts'
import { NO_USER_CODE, sendRefusal } from './send-refusal.ts'
import type { PersonContext } from './signed-in.ts'
import { nameOfProgram, type TrustedClients } from './trusted-clients.ts'
import { typedCode } from './typed-code.ts'

/** The parts of the endpoints that show a front end what a code approves. */
export interface ReviewOptions {
  readonly useCases: Pick<UseCases, 'reviewUserCode'>
  readonly language: PageLanguage
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
}

/** POST /oauth/device/review: the request behind a code (RFC 8628 section 3.3). It decides nothing. */
export const reviewFromBody =
  (options: ReviewOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    const typed = bodyField(ctx, 'user_code')
    if (typed === undefined) return sendProblem(ctx, 400, NO_USER_CODE)
    await sendReview(ctx, options, typed)
  }

/** GET /oauth/device/verify as JSON: the same. HEAD requests and prefetches look nothing up. */
export const reviewFromQuery =
  (options: ReviewOptions) =>
  async (ctx: PersonContext): Promise<void> => {
    if (!isView(ctx)) {
      ctx.status = 204
      return
    }
    const typed = typedCode(ctx.query['user_code'])
    if (typed === undefined)
      return sendProblem(ctx, 400, 'user_code must be given once, in the query')
    await sendReview(ctx, options, typed)
  }

const sendReview = async (
  ctx: PersonContext,
  { useCases, language, trustedProxies, trustedClients }: ReviewOptions,
  typed: string,
): Promise<void> => {
  const browser = deviceInfoOf(ctx.req, trustedProxies)
  const { id: person, email, signedInAt } = ctx.state.person
  const by = { person, email, signedInAt, browser }
  const review = await useCases.reviewUserCode({ userCode: typed, ...by })
  if (review.outcome !== 'pending') return sendRefusal(ctx, review)
  const locale = language.of(ctx)
  const { request, replaceable } = review
  sendJson(ctx, {
    user_code: review.userCode,
    client: clientJson(review, locale, trustedClients),
    scopes: review.scopes.map((scope) => scopeJson(scope, locale)),
    device_name: request.deviceName,
    ...placesJson(request.device, browser),
    user_agent: request.device.userAgent,
    requested_at: isoTime(review.requestedAt),
    expires_at: isoTime(review.expiresAt),
    key_name: keyNameOf(review.userCode),
    lifetimes: review.keyLifetimesMs.map((ms) => ms / 1_000),
    replaceable: replaceable && replaceableJson(replaceable),
    approval_needs: review.needs.length > 0 ? review.needs : undefined,
  })
}

/** The client that asks, or nothing if it sent no id. Only one that authenticated is verified. */
const clientJson = (
  { client, request: { clientId, clientAuthenticated } }: PendingAuthorization,
  locale: string,
  trustedClients: TrustedClients,
) =>
  clientId === undefined
    ? undefined
    : {
        client_id: clientId,
        name: nameOfProgram({ client, clientId }, trustedClients, locale),
        homepage: client?.homepage,
        verified: clientAuthenticated === true,
      }

const scopeJson = ({ name, entry }: RequestedScopeName, locale: string) => ({
  name,
  description: entry && textIn(entry.description, locale),
  required: entry?.required ?? false,
  sensitive: entry?.sensitive ?? false,
  default: entry?.default,
})

/** Where the requests came from. The address of a shared proxy tells nothing, so it is left out. */
const placesJson = (device: DeviceInfo, browser: DeviceInfo) => {
  const place = compareNetworks(device, browser)
  const isKnown = place !== 'unknown'
  return {
    address: isKnown ? device.address : undefined,
    web_origin: device.webOrigin,
    you_are_at: isKnown ? browser.address : undefined,
    same_network: place === 'same' ? true : place === 'elsewhere' ? false : undefined,
  }
}

const replaceableJson = ({ key, isUnused }: ReplaceableKey) => ({
  id: key.id,
  name: key.name,
  device_name: key.deviceName,
  approved_at: isoTime(key.approvedAt),
  last_used_at: isoTime(key.lastUsedAt),
  preselected: isUnused,
})
