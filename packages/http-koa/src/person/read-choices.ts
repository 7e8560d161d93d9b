import {
  type AnswerReply,
  CODE_ENDING_LENGTH,
  ELSEWHERE_REASONS,
  MAX_DEVICE_NAME,
} from '@device-grant/core'
import type { Context } from 'koa'
import { bodyValue } from '../http/body-field.ts'
import type { Choices } from '../pages/pages.ts'

/** The choices of a request, or what is wrong with them in a sentence for a developer. */
export type ReadChoices =
  | { readonly ok: true; readonly choices: Choices }
  | { readonly ok: false; readonly detail: string }

type InvalidChoice = Extract<AnswerReply, { readonly outcome: 'invalid_choice' }>['choice']

/** What each choice must be. */
export const CHOICES: Readonly<Record<InvalidChoice, string>> = {
  scopes: 'scope must be some of the requested scopes, and all required ones, each once',
  lifetime: 'lifetime must be one of the offered ones, in whole seconds',
  device_name: `device_name must be a text of ${MAX_DEVICE_NAME} characters at most`,
  replaces: 'replaces must be the id of your key of the same client',
  elsewhere_reason: `elsewhere_reason must be one of ${ELSEWHERE_REASONS.join(', ')}`,
  code_ending: `code_ending must be the last ${CODE_ENDING_LENGTH} characters of the user code`,
}

const SCOPE_FIELD = 'scope:'

/**
 * Reads the choices of a front end. A member that is present counts, so an empty `scope` is refused
 * rather than all that was requested.
 */
export const readChoices = (ctx: Context): ReadChoices => {
  const scope = bodyValue(ctx, 'scope')
  if (scope !== undefined && typeof scope !== 'string') return { ok: false, detail: CHOICES.scopes }
  return readOtherChoices(ctx, scope?.split(' '))
}

/**
 * Reads the choices of the verification page. Browsers leave out boxes that are not ticked. If the form
 * has the field `scopes_shown`, the page had boxes.
 */
export const readFormChoices = (ctx: Context): ReadChoices => {
  if (bodyValue(ctx, 'scopes_shown') === undefined) return readOtherChoices(ctx, undefined)
  const ticked = Object.entries(ctx.request.body as object).flatMap(([name, value]) =>
    name.startsWith(SCOPE_FIELD) && value === 'on' ? name.slice(SCOPE_FIELD.length) : [],
  )
  return readOtherChoices(ctx, ticked)
}

const readOtherChoices = (ctx: Context, scopes: readonly string[] | undefined): ReadChoices => {
  const lifetime = bodyValue(ctx, 'lifetime')
  const lifetimeMs = lifetime === undefined ? undefined : secondsOf(lifetime) * 1_000
  if (Number.isNaN(lifetimeMs)) return { ok: false, detail: CHOICES.lifetime }
  const deviceName = bodyValue(ctx, 'device_name')
  if (deviceName !== undefined && typeof deviceName !== 'string') {
    return { ok: false, detail: CHOICES.device_name }
  }
  const replaces = bodyValue(ctx, 'replaces')
  if (replaces !== undefined && (typeof replaces !== 'string' || replaces === '')) {
    return { ok: false, detail: CHOICES.replaces }
  }
  const elsewhereReason = bodyValue(ctx, 'elsewhere_reason')
  if (elsewhereReason !== undefined && typeof elsewhereReason !== 'string') {
    return { ok: false, detail: CHOICES.elsewhere_reason }
  }
  const codeEnding = bodyValue(ctx, 'code_ending')
  if (codeEnding !== undefined && typeof codeEnding !== 'string') {
    return { ok: false, detail: CHOICES.code_ending }
  }
  return {
    ok: true,
    choices: { scopes, lifetimeMs, deviceName, replaces, elsewhereReason, codeEnding },
  }
}

/** A number of seconds, as a JSON number or as digits. `NaN` if it is neither. */
const secondsOf = (value: unknown): number => {
  if (typeof value === 'string') return /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : Number.NaN
}
