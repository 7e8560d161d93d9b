import type { ApiKeyState } from '@device-grant/http-koa'
import { answerJson } from '@device-grant/http-koa'
import type { ParameterizedContext } from 'koa'

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
