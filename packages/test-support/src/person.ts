import { VERIFY_AUTHENTICATED } from './endpoints.ts'
import { post } from './http-exchange.ts'

/**
 * Decides on a code as a person whom a reverse proxy has signed in.
 * @throws {Error} if the decision is refused
 */
export const decide = async (
  url: string,
  userCode: string,
  decision: 'approve' | 'deny',
  person = 'alice',
): Promise<void> => {
  const answer = await post(
    url,
    VERIFY_AUTHENTICATED,
    { user_code: userCode, decision },
    { 'x-forwarded-user': person },
  )
  if (answer.status !== 200) throw new Error(`${decision}: ${answer.status} ${answer.text}`)
}
