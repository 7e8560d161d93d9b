import type { Tally } from './tally.ts'

/** The answer to a request. */
export interface Answer {
  /** 0 if the connection failed before or within the answer. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** How long an answer may take, even while a store is down. */
const BOUND_MS = 10_000

/**
 * Sends a request, and adds its result to the tally as `<what>: <status>`.
 * @throws {Error} if there is no answer within `BOUND_MS`, or if it is not JSON
 */
export const send = async (
  tally: Tally,
  what: string,
  url: string,
  init: RequestInit,
): Promise<Answer> => {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(BOUND_MS)
  try {
    const response = await fetch(url, { ...init, signal })
    const body = (await response.json()) as Answer['body']
    tally.add(
      `${what}: ${response.status}${typeof body['error'] === 'string' ? ` ${body['error']}` : ''}`,
    )
    return { status: response.status, body }
  } catch (error) {
    if (signal.aborted) throw new Error(`${what}: no answer within ${BOUND_MS} ms`)
    // A failed connection truncates JSON. Other text is a wrong answer.
    if (error instanceof SyntaxError && !/end of JSON/.test(error.message)) throw error
    tally.add(`${what}: no connection`)
    return { status: 0, body: {} }
  } finally {
    tally.took(performance.now() - startedAt)
  }
}

/** Posts a form. */
export const post = (
  tally: Tally,
  what: string,
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(tally, what, url, { method: 'POST', body: new URLSearchParams(form), headers })
