import type { ParameterizedContext } from 'koa'
import { answerJson } from './oauth-error.ts'
import type { ApiKeyState } from './require-api-key.ts'

/** GET /api/whoami: whose key this is. The smallest service behind `requireApiKey`. */
export const whoami = (ctx: ParameterizedContext<ApiKeyState>): void => {
  const { owner, keyId, name, scope, expiresAt } = ctx.state.apiKey
  answerJson(ctx, {
    user: owner,
    key: { id: keyId, name },
    ...(scope === undefined ? {} : { scope }),
    expires_at: new Date(expiresAt).toISOString(),
  })
}
