import { VERIFY_AUTHENTICATED } from './endpoints.ts'
import { type Answer, post } from './http-exchange.ts'

type Decision = 'approve' | 'deny'

/** Sends the decision of a person whom a reverse proxy has signed in. */
export const sendDecision = (
  url: string,
  userCode: string,
  decision: Decision,
  person = 'alice',
): Promise<Answer> =>
  post(url, VERIFY_AUTHENTICATED, { user_code: userCode, decision }, { 'x-forwarded-user': person })

/**
 * Decides on a code as a person whom a reverse proxy has signed in.
 * @throws {Error} if the decision is refused
 */
export const decide = async (
  url: string,
  userCode: string,
  decision: Decision,
  person?: string,
): Promise<void> => {
  const answer = await sendDecision(url, userCode, decision, person)
  if (answer.status !== 200) throw new Error(`${decision}: ${answer.status} ${answer.text}`)
}
