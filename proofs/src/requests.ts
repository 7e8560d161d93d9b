import type { Tally } from './tally.ts'

/** What came back. */
export interface Answer {
  /** 0: the connection failed, before or within the answer. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Longer than this nobody may be kept waiting, whatever is down behind the server. */
const BOUND_MS = 10_000

/**
 * Sends a request, and writes into the tally what came of it as `<what>: <status>`.
 * @throws when there is no answer within `BOUND_MS`
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
  } catch (fault) {
    if (signal.aborted) throw new Error(`${what}: no answer within ${BOUND_MS} ms`)
    // Not JSON at all: that is no connection that failed.
    if (fault instanceof SyntaxError && !/end of JSON/.test(fault.message)) throw fault
    tally.add(`${what}: no connection`)
    return { status: 0, body: {} }
  } finally {
    tally.took(performance.now() - startedAt)
  }
}

/** Posts a form, as devices and front ends do. */
export const post = (
  tally: Tally,
  what: string,
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(tally, what, url, { method: 'POST', body: new URLSearchParams(form), headers })
