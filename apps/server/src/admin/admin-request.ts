import { type FindKeysRequest, parseApiKey, parseCursor } from '@device-grant/core'
import type { Context } from 'koa'
import { duplicateMembers } from '../clients/duplicate-members.ts'
import { parseJson } from '../clients/parse-json.ts'
import { KEY_STATUSES } from '../found-key-json.ts'
import { readBody } from '../read-body.ts'
import { sendServiceError } from '../service-error.ts'

const MAX_BODY_BYTES = 16_384
const MAX_LIMIT = 1_000

const refuse = (ctx: Context, description: string): undefined => {
  sendServiceError(ctx, 400, 'invalid_request', description)
  return undefined
}

/** Whether a text is an API key, which must reach no log and no store. */
const isApiKey = (text: string): boolean => parseApiKey(text.trim()) !== undefined

const PARAMETERS = ['owner', 'client_id', 'status', 'after', 'limit']

/**
 * Reads the query of a list, or sends the error. Unknown parameters are refused, because a mistyped
 * condition would list every key.
 */
export const readListQuery = (ctx: Context): FindKeysRequest | undefined => {
  const query = new URLSearchParams(ctx.querystring)
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) {
      return refuse(ctx, `The query may have ${PARAMETERS.join(', ')}, and nothing else`)
    }
    if (query.getAll(name).length > 1) return refuse(ctx, `${name} was given more than once`)
    if (query.get(name) === '') return refuse(ctx, `${name} is empty`)
    if (isApiKey(query.get(name) ?? '')) return refuse(ctx, `${name} must not be an API key`)
  }
  const valueIn = (name: string): string | undefined => query.get(name) ?? undefined
  const status = KEY_STATUSES.find((known) => known === query.get('status'))
  if (query.has('status') && status === undefined) {
    return refuse(ctx, `status must be one of ${KEY_STATUSES.join(', ')}`)
  }
  const after = valueIn('after')
  if (after !== undefined && !parseCursor(after)) {
    return refuse(ctx, 'after must be the next of an earlier answer')
  }
  const limit = /^\d{1,4}$/.test(query.get('limit') ?? '50') ? Number(query.get('limit') ?? 50) : 0
  if (limit < 1 || limit > MAX_LIMIT) return refuse(ctx, `limit must be from 1 to ${MAX_LIMIT}`)
  return { owner: valueIn('owner'), clientId: valueIn('client_id'), status, after, limit }
}

/**
 * Reads a JSON body with exactly one member, which has one of these names and a text. Else it sends the
 * error.
 */
export const readOneMember = async <N extends string>(
  ctx: Context,
  names: readonly N[],
): Promise<{ readonly name: N; readonly value: string } | undefined> => {
  if (!ctx.is('application/json')) {
    sendServiceError(ctx, 415, 'invalid_request', 'The Content-Type must be application/json')
    return undefined
  }
  const body = await readBody(ctx, MAX_BODY_BYTES)
  if (body === undefined) return undefined
  const wanted = `The body must be a JSON object with ${names.join(' or ')} as a text, and nothing else`
  const members = Object.entries(parseObject(body))
  const [member] = members
  const name = names.find((known) => known === member?.[0])
  const value = member?.[1]
  if (members.length !== 1 || name === undefined || typeof value !== 'string' || value === '') {
    return refuse(ctx, wanted)
  }
  if (isApiKey(value)) return refuse(ctx, `${name} must not be an API key`)
  return { name, value }
}

/** The members of a JSON object, or none if the text is something else or repeats a name. */
const parseObject = (body: Buffer): object => {
  try {
    const { text, value } = parseJson(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && duplicateMembers(text).length === 0 ? value : {}
  } catch {
    return {}
  }
}
