import { type ListedKey, type OnError, StoreError, type UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson } from '../http/oauth-error.ts'
import { sendProblem } from '../http/problem.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { Site } from './site.ts'
import { type TrustedClients, trustedNameOf } from './trusted-clients.ts'
import { signedIn } from './verify-page.ts'

export interface KeysRoutesOptions {
  readonly site: Site
  readonly signIn: SignIn
  readonly useCases: Pick<UseCases, 'listApiKeys' | 'revokeApiKey' | 'revokeAllApiKeys'>
  readonly trustedClients: TrustedClients
  readonly onError: OnError
}

/** GET /oauth/device/keys: a person's connected devices, as a page or as JSON. */
export const listKeys =
  ({ site, signIn, useCases, trustedClients }: KeysRoutesOptions) =>
  async (ctx: Context): Promise<void> => {
    const page = wantsPage(ctx)
    const person = await signIn.person(ctx)
    if (!person) {
      return page
        ? signIn.begin(ctx, site.links.keys)
        : sendProblem(ctx, 401, 'Authentication required')
    }
    const keys = await useCases.listApiKeys(person.id)
    if (!page) {
      ctx.set('Cache-Control', 'no-store')
      return sendJson(ctx, { keys: keys.map(toJson) })
    }
    const context = site.pageContext(ctx, signedIn(person, signIn))
    const shown = keys.map((key) => ({
      ...key,
      ...trustedNameOf(trustedClients, key.request.clientId),
    }))
    const view = { keys: shown, ...noticeOf(ctx.query['notice']) }
    site.show(ctx, 200, site.pages.keys(context, view))
  }

const noticeOf = (notice: unknown): { readonly notice?: 'revoked' | 'revoked_all' } =>
  notice === 'revoked' || notice === 'revoked_all' ? { notice } : {}

/** Whether somebody wants the page of a resource that is JSON too. */
export const wantsPage = (ctx: Context): boolean => ctx.accepts('json', 'html') === 'html'

const toJson = ({ id, status, name, request, ...times }: ListedKey) => ({
  id,
  status,
  name,
  client_id: request.clientId,
  scope: request.scope,
  address: request.device.address,
  user_agent: request.device.userAgent,
  approved_at: isoTime(times.approvedAt),
  last_used_at: isoTime(times.lastUsedAt),
  expires_at: isoTime(times.expiresAt),
})

const isoTime = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()

/** DELETE /oauth/device/keys/{id}: a front end of one's own takes a key back. */
export const deleteKey =
  ({ site, signIn, useCases }: KeysRoutesOptions) =>
  async (ctx: Context, id: string): Promise<void> => {
    if (!site.isOwnRequest(ctx))
      return sendProblem(ctx, 403, 'This origin may not answer for people')
    const person = await signIn.person(ctx)
    if (!person) return sendProblem(ctx, 401, 'Authentication required')
    const revocation = await useCases.revokeApiKey({ owner: person.id, keyId: id })
    if (revocation === 'no_such_key') return sendProblem(ctx, 404, 'You have no such key')
    ctx.status = 204
  }

/** POST /oauth/device/keys/{id}/revoke, and for all keys when there is no id: the page's forms. */
export const revokeForm =
  ({ site, signIn, useCases, onError }: KeysRoutesOptions) =>
  async (ctx: Context, id: string | undefined): Promise<void> => {
    const retry = site.links.keys
    const person = await signIn.person(ctx)
    const who = person && signedIn(person, signIn)
    if (!site.isOwnForm(ctx, person)) {
      return site.showMessage(ctx, 403, { kind: 'form_refused', retry }, who)
    }
    if (!person) return site.showMessage(ctx, 401, { kind: 'session_ended', retry })
    try {
      if (id === undefined) await useCases.revokeAllApiKeys(person.id)
      else if ((await useCases.revokeApiKey({ owner: person.id, keyId: id })) === 'no_such_key') {
        return site.showMessage(ctx, 404, { kind: 'not_found', retry }, who)
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onError(error, 'revoke keys')
      ctx.set('Retry-After', '5')
      return site.showMessage(ctx, 503, { kind: 'revocation_unknown', retry }, who)
    }
    site.goTo(ctx, `${retry}?notice=${id === undefined ? 'revoked_all' : 'revoked'}`)
  }
